package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	cmtcfg "github.com/cometbft/cometbft/config"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/privval"
	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/server"

	"concord/engine/genesis"
)

// contextWithPlaces gives a command's context the two places that the SDK's handlers write into.
func contextWithPlaces(parent context.Context) context.Context {
	if parent == nil {
		parent = context.Background()
	}
	parent = context.WithValue(parent, client.ClientContextKey, &client.Context{})
	return context.WithValue(parent, server.ServerContextKey, server.NewDefaultContext())
}

func keysCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "keys",
		Short: "Make the node's two keys where they are missing; print their public halves as JSON",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			home, err := command.Flags().GetString(flags.FlagHome)
			if err != nil {
				return err
			}
			config := cmtcfg.DefaultConfig().SetRoot(home)
			for _, folder := range []string{"config", "data"} {
				if err := os.MkdirAll(filepath.Join(home, folder), 0o700); err != nil {
					return err
				}
			}
			node, err := p2p.LoadOrGenNodeKey(config.NodeKeyFile())
			if err != nil {
				return err
			}
			validator := privval.LoadOrGenFilePV(config.PrivValidatorKeyFile(), config.PrivValidatorStateFile())
			return json.NewEncoder(command.OutOrStdout()).Encode(map[string]string{
				"consensus_key": hex.EncodeToString(validator.Key.PubKey.Bytes()),
				"node":          string(node.ID()),
			})
		},
	}
}

func genesisCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "genesis DESCRIPTION",
		Short: "Build the genesis file from the founders' description; print its SHA-256",
		Args:  cobra.ExactArgs(1),
	}
	out := command.Flags().String("out", "", "file to write")
	_ = command.MarkFlagRequired("out")
	command.RunE = func(command *cobra.Command, arguments []string) error {
		data, err := os.ReadFile(arguments[0])
		if err != nil {
			return err
		}
		description, err := genesis.Parse(data)
		if err != nil {
			return err
		}
		built, err := genesis.Build(description)
		if err != nil {
			return err
		}
		written, err := json.MarshalIndent(built, "", " ")
		if err != nil {
			return err
		}
		written = append(written, '\n')
		if err := os.WriteFile(*out, written, 0o644); err != nil { //nolint:gosec // public
			return err
		}
		_, err = fmt.Fprintf(command.OutOrStdout(), "%x\n", sha256.Sum256(written))
		return err
	}
	return command
}
