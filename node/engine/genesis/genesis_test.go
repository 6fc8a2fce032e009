package genesis_test

import (
	"context"
	"crypto/ecdsa"
	"encoding/json"
	"math/big"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/crypto/ed25519"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common"
	ethtypes "github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"
	"github.com/stretchr/testify/require"

	evmtypes "github.com/cosmos/evm/x/vm/types"

	"cosmossdk.io/log/v2"

	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/testutil/sims"

	"concord/engine/app"
	"concord/engine/gate"
	"concord/engine/genesis"
)

const chainID = 774_411

const gateABI = `[{"type":"function","name":"propose","inputs":[{"name":"p","type":"tuple","components":[
 {"name":"action","type":"uint8"},{"name":"account","type":"address"},{"name":"key","type":"bytes32"},
 {"name":"value","type":"uint256"},{"name":"label","type":"bytes32"}]}],"outputs":[{"type":"uint256"}]},
 {"type":"function","name":"approve","inputs":[{"name":"id","type":"uint256"}],"outputs":[]},
 {"type":"function","name":"grant","inputs":[{"name":"a","type":"address[]"},{"name":"p","type":"uint256"}],"outputs":[]}]`

type proposal struct {
	Action  uint8
	Account common.Address
	Key     [32]byte
	Value   *big.Int
	Label   [32]byte
}

// network is an application in memory with four members, driven as CometBFT drives it.
type network struct {
	t         *testing.T
	app       *app.App
	abi       abi.ABI
	operators []*ecdsa.PrivateKey
	keys      []ed25519.PrivKey
	nonces    map[common.Address]uint64
	height    int64
}

func described(operators []*ecdsa.PrivateKey, keys []ed25519.PrivKey) genesis.Description {
	d := genesis.Description{
		ChainID: "test-1", EVMChainID: chainID, Time: time.Unix(1_800_000_000, 0), MaxGas: 100_000_000, MaxBytes: 2_000_000,
	}
	for index, operator := range operators {
		d.Members = append(d.Members, genesis.Member{
			Name: string(rune('a' + index)), Operator: crypto.PubkeyToAddress(operator.PublicKey).Hex(),
			ConsensusKey: common.Bytes2Hex(keys[index].PubKey().Bytes()),
			Node:         strings.Repeat(string("1234"[index]), 40),
		})
	}
	return d
}

// found makes a network in a process of its own: the EVM keeps its chain's rules in a global variable that can be set
// once. In the test's first process it runs the second one, takes over its verdict, and gives nil.
func found(t *testing.T) *network {
	t.Helper()
	if os.Getenv("ALONE") != t.Name() {
		child := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$") //nolint:gosec // the test itself
		child.Env = append(os.Environ(), "ALONE="+t.Name())
		output, err := child.CombinedOutput()
		require.NoError(t, err, string(output))
		return nil
	}
	n := &network{t: t, nonces: map[common.Address]uint64{}}
	n.abi, _ = abi.JSON(strings.NewReader(gateABI))
	for range 4 {
		operator, err := crypto.GenerateKey()
		require.NoError(t, err)
		n.operators = append(n.operators, operator)
		n.keys = append(n.keys, ed25519.GenPrivKey())
	}
	built, err := genesis.Build(described(n.operators, n.keys))
	require.NoError(t, err)
	options := sims.AppOptionsMap{"evm.evm-chain-id": uint64(chainID), "home": t.TempDir()}
	n.app = app.New(log.NewNopLogger(), dbm.NewMemDB(), true, options, baseapp.SetChainID("test-1"))
	t.Cleanup(func() { _ = n.app.Close() })
	document, err := built.ToGenesisDoc()
	require.NoError(t, err)
	params := document.ConsensusParams.ToProto()
	var validators []abci.ValidatorUpdate
	for _, key := range n.keys {
		validators = append(validators, abci.UpdateValidator(key.PubKey().Bytes(), 1, ed25519.KeyType))
	}
	answer, err := n.app.InitChain(&abci.RequestInitChain{
		Time: document.GenesisTime, ChainId: "test-1", ConsensusParams: &params, Validators: validators,
		AppStateBytes: document.AppState, InitialHeight: 1,
	})
	require.NoError(t, err)
	require.Len(t, answer.Validators, 4)
	n.block(nil)
	return n
}

func (n *network) next(misbehaviour []abci.Misbehavior, txs ...[]byte) *abci.RequestFinalizeBlock {
	n.height++
	return &abci.RequestFinalizeBlock{
		Height: n.height, Time: time.Unix(1_800_000_000+n.height, 0), Txs: txs, Misbehavior: misbehaviour,
		ProposerAddress: n.keys[0].PubKey().Address(), Hash: crypto.Keccak256([]byte{byte(n.height)}),
	}
}

func (n *network) block(misbehaviour []abci.Misbehavior, txs ...[]byte) *abci.ResponseFinalizeBlock {
	n.t.Helper()
	answer, err := n.app.FinalizeBlock(n.next(misbehaviour, txs...))
	require.NoError(n.t, err)
	_, err = n.app.Commit()
	require.NoError(n.t, err)
	return answer
}

// proposed asks the application, as a validator, what it thinks of another's proposal.
func (n *network) proposed(txs ...[]byte) bool {
	n.t.Helper()
	answer, err := n.app.ProcessProposal(&abci.RequestProcessProposal{
		Height: n.height + 1, Time: time.Unix(1_800_000_001+n.height, 0), Txs: txs,
		ProposerAddress: n.keys[0].PubKey().Address(),
	})
	require.NoError(n.t, err)
	return answer.Status == abci.ResponseProcessProposal_ACCEPT
}

func (n *network) transaction(key *ecdsa.PrivateKey, inner ethtypes.TxData) []byte {
	n.t.Helper()
	signer := ethtypes.LatestSignerForChainID(big.NewInt(chainID))
	signed, err := ethtypes.SignNewTx(key, signer, inner)
	require.NoError(n.t, err)
	return n.encoded(signed)
}

func (n *network) encoded(signed *ethtypes.Transaction) []byte {
	n.t.Helper()
	message := &evmtypes.MsgEthereumTx{}
	require.NoError(n.t, message.FromSignedEthereumTx(signed, ethtypes.LatestSignerForChainID(big.NewInt(chainID))))
	config := app.Encoding(chainID).TxConfig
	built, err := message.BuildTx(config.NewTxBuilder(), app.Denom)
	require.NoError(n.t, err)
	raw, err := config.TxEncoder()(built)
	require.NoError(n.t, err)
	return raw
}

func (n *network) call(key *ecdsa.PrivateKey, method string, arguments ...any) []byte {
	n.t.Helper()
	data, err := n.abi.Pack(method, arguments...)
	require.NoError(n.t, err)
	return n.transaction(key, n.dynamic(key, &gate.Address, data))
}

func (n *network) dynamic(key *ecdsa.PrivateKey, to *common.Address, data []byte) *ethtypes.DynamicFeeTx {
	sender := crypto.PubkeyToAddress(key.PublicKey)
	nonce := n.nonces[sender]
	n.nonces[sender]++
	return &ethtypes.DynamicFeeTx{
		ChainID: big.NewInt(chainID), Nonce: nonce, Gas: 2_000_000, To: to, Data: data, Value: new(big.Int),
		GasFeeCap: new(big.Int), GasTipCap: new(big.Int),
	}
}

// decide puts a proposal to the vote and lets three of four approve; the answer to the last block.
func (n *network) decide(id int64, p proposal) *abci.ResponseFinalizeBlock {
	n.t.Helper()
	if p.Value == nil {
		p.Value = new(big.Int)
	}
	n.succeeds(n.block(nil, n.call(n.operators[0], "propose", p)))
	n.succeeds(n.block(nil, n.call(n.operators[1], "approve", big.NewInt(id))))
	return n.succeeds(n.block(nil, n.call(n.operators[2], "approve", big.NewInt(id))))
}

func (n *network) succeeds(answer *abci.ResponseFinalizeBlock) *abci.ResponseFinalizeBlock {
	n.t.Helper()
	for _, result := range answer.TxResults {
		require.Zero(n.t, result.Code, result.Log)
		for _, event := range result.Events {
			for _, attribute := range event.Attributes {
				require.NotEqual(n.t, evmtypes.AttributeKeyEthereumTxFailed, attribute.Key, attribute.Value)
			}
		}
	}
	return answer
}

func TestTheSameDescriptionGivesTheSameBytes(t *testing.T) {
	operator, err := crypto.GenerateKey()
	require.NoError(t, err)
	d := described([]*ecdsa.PrivateKey{operator}, []ed25519.PrivKey{ed25519.GenPrivKey()})
	var first []byte
	for range 3 {
		built, err := genesis.Build(d)
		require.NoError(t, err)
		raw, err := json.Marshal(built)
		require.NoError(t, err)
		if first == nil {
			first = raw
		}
		require.Equal(t, first, raw)
	}
}

func TestADescriptionIsReadStrictly(t *testing.T) {
	operator, _ := crypto.GenerateKey()
	raw, err := json.Marshal(described([]*ecdsa.PrivateKey{operator}, []ed25519.PrivKey{ed25519.GenPrivKey()}))
	require.NoError(t, err)
	_, err = genesis.Parse(raw)
	require.NoError(t, err)
	for what, altered := range map[string]string{
		"a misspelt field": strings.Replace(string(raw), `"members"`, `"member"`, 1),
		"no chain id":      strings.Replace(string(raw), "774411", "0", 1),
		"something behind": string(raw) + "{}",
		"a tiny block":     strings.Replace(string(raw), "100000000", "1", 1),
	} {
		_, err = genesis.Parse([]byte(altered))
		require.Error(t, err, what)
	}
}

func TestOnlyListedAccountsSend(t *testing.T) {
	n := found(t)
	if n == nil {
		return
	}
	stranger, _ := crypto.GenerateKey()
	account := crypto.PubkeyToAddress(stranger.PublicKey)
	first := n.transaction(stranger, n.dynamic(stranger, &gate.Address, nil))
	require.False(t, n.proposed(first), "an honest validator refuses a block with it")
	require.NotZero(t, n.block(nil, first).TxResults[0].Code)

	n.succeeds(n.block(nil, n.call(n.operators[0], "grant", []common.Address{account}, big.NewInt(1))))
	n.nonces[account] = 0
	require.True(t, n.proposed(n.transaction(stranger, n.dynamic(stranger, &account, nil))))
	n.nonces[account] = 0
	creation := n.transaction(stranger, n.dynamic(stranger, nil, []byte{0x00}))
	require.False(t, n.proposed(creation), "creating contracts is another permission")

	n.succeeds(n.block(nil, n.call(n.operators[0], "grant", []common.Address{account}, big.NewInt(3))))
	require.True(t, n.proposed(creation))
	n.succeeds(n.block(nil, creation))
}

func TestNobodyBorrowsAnAddress(t *testing.T) {
	n := found(t)
	if n == nil {
		return
	}
	stranger, _ := crypto.GenerateKey()
	signer := ethtypes.LatestSignerForChainID(big.NewInt(chainID))
	signed, err := ethtypes.SignNewTx(stranger, signer, n.dynamic(stranger, &gate.Address, nil))
	require.NoError(t, err)
	message := &evmtypes.MsgEthereumTx{}
	require.NoError(t, message.FromSignedEthereumTx(signed, signer))
	message.From = crypto.PubkeyToAddress(n.operators[0].PublicKey).Bytes()
	config := app.Encoding(chainID).TxConfig
	built, err := message.BuildTx(config.NewTxBuilder(), app.Denom)
	require.NoError(t, err)
	raw, err := config.TxEncoder()(built)
	require.NoError(t, err)
	require.False(t, n.proposed(raw))
}

func TestADelegationOfCodeIsRefused(t *testing.T) {
	n := found(t)
	if n == nil {
		return
	}
	authorisation, err := ethtypes.SignSetCode(n.operators[1], ethtypes.SetCodeAuthorization{Address: gate.Address})
	require.NoError(t, err)
	raw := n.transaction(n.operators[0], &ethtypes.SetCodeTx{
		ChainID: uint256.NewInt(chainID), Gas: 2_000_000, To: gate.Address, Value: new(uint256.Int),
		GasFeeCap: new(uint256.Int), GasTipCap: new(uint256.Int),
		AuthList: []ethtypes.SetCodeAuthorization{authorisation},
	})
	require.False(t, n.proposed(raw))
}

func TestAVoteChangesTheValidators(t *testing.T) {
	n := found(t)
	if n == nil {
		return
	}
	fifth, key := common.HexToAddress("0xd7"), ed25519.GenPrivKey().PubKey().Bytes()
	answer := n.decide(1, proposal{
		Action: 0, Account: fifth, Key: [32]byte(key), Value: new(big.Int).SetBytes(common.FromHex(strings.Repeat("77", 20))),
		Label: [32]byte{'e'},
	})
	require.Len(t, answer.ValidatorUpdates, 1)
	require.Equal(t, key, answer.ValidatorUpdates[0].PubKey.GetEd25519())
	require.EqualValues(t, 1, answer.ValidatorUpdates[0].Power)
	require.True(t, n.mayConnect(strings.Repeat("77", 20)))
	require.Empty(t, n.block(nil).ValidatorUpdates, "told once")

	n.succeeds(n.block(nil, n.call(n.operators[0], "propose", proposal{Action: 1, Account: fifth, Value: new(big.Int)})))
	n.succeeds(n.block(nil, n.call(n.operators[1], "approve", big.NewInt(2))))
	require.Empty(t, n.block(nil, n.call(n.operators[2], "approve", big.NewInt(2))).ValidatorUpdates, "3 of 5")
	answer = n.succeeds(n.block(nil, n.call(n.operators[3], "approve", big.NewInt(2))))
	require.Len(t, answer.ValidatorUpdates, 1)
	require.Zero(t, answer.ValidatorUpdates[0].Power)
	require.False(t, n.mayConnect(strings.Repeat("77", 20)))
}

func (n *network) mayConnect(node string) bool {
	answer, err := n.app.Query(context.Background(), &abci.RequestQuery{Path: "/p2p/filter/id/" + node})
	require.NoError(n.t, err)
	return answer.Code == 0
}

func TestOnlyMembersNodesConnect(t *testing.T) {
	n := found(t)
	if n == nil {
		return
	}
	require.True(t, n.mayConnect(strings.Repeat("1", 40)))
	for _, node := range []string{strings.Repeat("9", 40), "", "zz", strings.Repeat("1", 38)} {
		require.False(t, n.mayConnect(node), node)
	}
}

func TestAVoteChangesTheBlockLimits(t *testing.T) {
	n := found(t)
	if n == nil {
		return
	}
	label, err := gate.Label(gate.BlockGas)
	require.NoError(t, err)
	answer := n.decide(1, proposal{Action: 4, Value: big.NewInt(50_000_000), Label: label})
	require.EqualValues(t, 50_000_000, answer.ConsensusParamUpdates.Block.MaxGas)
	require.EqualValues(t, 2_000_000, answer.ConsensusParamUpdates.Block.MaxBytes, "the other one stays")
}

func TestAnUpgradeStopsAProgramThatDoesNotCarryIt(t *testing.T) {
	n := found(t)
	if n == nil {
		return
	}
	height := n.height + 14
	n.decide(1, proposal{Action: 5, Value: big.NewInt(height), Label: [32]byte{'v', '2'}})
	for n.height < height-1 {
		n.block(nil)
	}
	_, err := n.app.FinalizeBlock(n.next(nil))
	require.ErrorContains(t, err, "UPGRADE \"v2\" NEEDED")
}

func TestWhoSignsTwoBlocksOfOneHeightIsSuspended(t *testing.T) {
	n := found(t)
	if n == nil {
		return
	}
	address := n.keys[3].PubKey().Address()
	answer := n.block([]abci.Misbehavior{{
		Type: abci.MisbehaviorType_DUPLICATE_VOTE, Validator: abci.Validator{Address: address, Power: 1},
		Height: n.height, Time: time.Unix(1_800_000_000, 0), TotalVotingPower: 4,
	}})
	require.Len(t, answer.ValidatorUpdates, 1)
	require.Equal(t, n.keys[3].PubKey().Bytes(), answer.ValidatorUpdates[0].PubKey.GetEd25519())
	require.Zero(t, answer.ValidatorUpdates[0].Power)

	back := n.decide(1, proposal{
		Action: 2, Account: crypto.PubkeyToAddress(n.operators[3].PublicKey), Key: [32]byte{7}, Label: [32]byte{},
	})
	require.Len(t, back.ValidatorUpdates, 1, "the members bring it back with a new key")
	require.EqualValues(t, 1, back.ValidatorUpdates[0].Power)
}
