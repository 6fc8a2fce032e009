// concordd is one node of a validator network: `keys` makes what it alone knows, `genesis` builds what all share,
// `start` runs it. Everything else about a network is done by transactions to the AccountGate contract.
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := root().Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "concordd:", err)
		os.Exit(1)
	}
}
