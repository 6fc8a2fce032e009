package main

import (
	"encoding/json"
	"runtime"

	cmtcfg "github.com/cometbft/cometbft/config"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/spf13/cobra"

	evmserver "github.com/cosmos/evm/server"
	evmserverconfig "github.com/cosmos/evm/server/config"

	"cosmossdk.io/log/v2"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/server"
	serverconfig "github.com/cosmos/cosmos-sdk/server/config"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"concord/engine/app"
)

const defaultHome = "var/validator"

func root() *cobra.Command {
	command := &cobra.Command{
		Use:           app.Name,
		Short:         "One node of a validator network",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	command.PersistentFlags().String(flags.FlagHome, defaultHome, "folder of the node")
	command.AddCommand(keysCommand(), genesisCommand(), versionCommand(), nodeCommand(startCommand()),
		nodeCommand(server.NewRollbackCmd(creator, defaultHome)))
	return command
}

// nodeCommand gives a command the node's configuration, which the files in config/ hold.
func nodeCommand(command *cobra.Command) *cobra.Command {
	command.PersistentPreRunE = func(command *cobra.Command, _ []string) error {
		encoding := app.Encoding(0)
		home, err := command.Flags().GetString(flags.FlagHome)
		if err != nil {
			return err
		}
		context := client.Context{}.
			WithCodec(encoding.Codec).
			WithInterfaceRegistry(encoding.InterfaceRegistry).
			WithTxConfig(encoding.TxConfig).
			WithLegacyAmino(encoding.Amino).
			WithAccountRetriever(authtypes.AccountRetriever{}).
			WithHomeDir(home)
		command.SetContext(contextWithPlaces(command.Context()))
		if err := client.SetCmdClientContextHandler(context, command); err != nil {
			return err
		}
		template := serverconfig.DefaultConfigTemplate + evmserverconfig.DefaultEVMConfigTemplate
		return server.InterceptConfigsPreRunHandler(
			command, template, evmserverconfig.DefaultConfig(), cmtcfg.DefaultConfig(),
		)
	}
	return command
}

func create(logger log.Logger, db dbm.DB, options servertypes.AppOptions) *app.App {
	return app.New(logger, db, true, options, server.DefaultBaseappOptions(options)...)
}

func creator(logger log.Logger, db dbm.DB, options servertypes.AppOptions) servertypes.Application {
	return create(logger, db, options)
}

func startCommand() *cobra.Command {
	options := evmserver.NewDefaultStartOptions(
		func(logger log.Logger, db dbm.DB, options servertypes.AppOptions) evmserver.Application {
			return create(logger, db, options)
		}, defaultHome,
	)
	return evmserver.StartCmd(options)
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print which sources the program was built from, as JSON",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			modules := app.Modules()
			facts := map[string]string{"version": app.Version(), "go": runtime.Version()}
			for _, path := range []string{
				"github.com/cometbft/cometbft", "github.com/cosmos/cosmos-sdk", "github.com/cosmos/evm",
			} {
				facts[path] = modules[path]
			}
			return json.NewEncoder(command.OutOrStdout()).Encode(facts)
		},
	}
}
