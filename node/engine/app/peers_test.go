package app

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestANodeWithoutAStateMeetsTheNodesOfItsConfiguration(t *testing.T) {
	known, stranger := strings.Repeat("1a", 20), strings.Repeat("2b", 20)
	var p peers
	require.EqualValues(t, 1, p.filter(known).Code, "nothing is known yet")
	p.allow(configured(" " + known + ", zz," + strings.Repeat("3", 38) + ","))
	require.Zero(t, p.filter(known).Code)
	require.EqualValues(t, 1, p.filter(stranger).Code)
	p.allow(configured(""))
	require.EqualValues(t, 1, p.filter(known).Code)
	require.EqualValues(t, 1, p.filter("").Code)
}
