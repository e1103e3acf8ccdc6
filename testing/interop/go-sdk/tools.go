//go:build tools

package main

// The console program is built beside this one: its dependencies stay in go.mod.
import _ "github.com/FISCO-BCOS/go-sdk/cmd"
