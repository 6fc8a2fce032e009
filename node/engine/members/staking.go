package members

import (
	"context"

	evmaddress "github.com/cosmos/evm/encoding/address"

	"cosmossdk.io/core/address"

	sdk "github.com/cosmos/cosmos-sdk/types"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"
)

// Staking answers what x/vm asks a staking module: who proposed a block (its coinbase). There is no stake here.
type Staking struct {
	keeper *Keeper
	denom  string
}

// NewStaking makes the answerer; denom is the name of the coin that nobody has.
func NewStaking(keeper *Keeper, denom string) Staking {
	return Staking{keeper, denom}
}

// GetHistoricalInfo knows nothing: BLOCKHASH is served by the EIP-2935 contract.
func (Staking) GetHistoricalInfo(context.Context, int64) (stakingtypes.HistoricalInfo, error) {
	return stakingtypes.HistoricalInfo{}, stakingtypes.ErrNoHistoricalInfo
}

// GetValidatorByConsAddr gives the member that owns a consensus address, also after it has left.
func (s Staking) GetValidatorByConsAddr(ctx context.Context, consensus sdk.ConsAddress) (stakingtypes.Validator, error) {
	operator, found := s.keeper.Operator(sdk.UnwrapSDKContext(ctx), consensus)
	if !found {
		return stakingtypes.Validator{}, stakingtypes.ErrNoValidatorFound
	}
	return stakingtypes.Validator{OperatorAddress: sdk.ValAddress(operator.Bytes()).String()}, nil
}

// ValidatorAddressCodec writes operators as addresses.
func (Staking) ValidatorAddressCodec() address.Codec {
	return evmaddress.NewEvmCodec(sdk.GetConfig().GetBech32ValidatorAddrPrefix())
}

// BondDenom is the coin's name.
func (s Staking) BondDenom(context.Context) (string, error) {
	return s.denom, nil
}
