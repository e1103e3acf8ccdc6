// Command exercise lets the client library of the Go SDK, unchanged, do one thing with a chain and prints what it saw as
// one line of JSON. It reads config.toml of the working directory, as every program of that SDK does; each
// [[Network.Connection]] of it is one client.
package main

import (
	"crypto/ecdsa"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"strings"
	"time"

	"github.com/FISCO-BCOS/go-sdk/abi"
	"github.com/FISCO-BCOS/go-sdk/abi/bind"
	"github.com/FISCO-BCOS/go-sdk/client"
	"github.com/FISCO-BCOS/go-sdk/conf"
	"github.com/FISCO-BCOS/go-sdk/core/types"
	"github.com/FISCO-BCOS/go-sdk/precompiled/cns"
	"github.com/FISCO-BCOS/go-sdk/precompiled/crud"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
)

// Longer than a busy machine needs for a few blocks; whoever starts the program has a limit of its own.
const patience = 30 * time.Second

var exercises = map[string]func(clients []*client.Client, args []string) (any, error){
	"contract": contract,
	"events":   events,
	"blocks":   blocks,
	"cns":      names,
	"crud":     rows,
	"amop":     messages,
}

func main() {
	result, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	line, err := json.Marshal(result)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(string(line))
}

func run(args []string) (any, error) {
	if len(args) == 0 || exercises[args[0]] == nil {
		return nil, fmt.Errorf("usage: exercise contract|events|blocks|cns|crud|amop [argument...]")
	}
	configs, err := conf.ParseConfigFile("config.toml")
	if err != nil {
		return nil, err
	}
	var clients []*client.Client
	for i := range configs {
		c, err := client.Dial(&configs[i])
		if err != nil {
			return nil, fmt.Errorf("dial %s: %w", configs[i].NodeURL, err)
		}
		clients = append(clients, c)
	}
	return exercises[args[0]](clients, args[1:])
}

// token is a deployed contract of cli/contracts/Token.sol.
type token struct {
	client  *client.Client
	abi     abi.ABI
	address common.Address
	bound   *bind.BoundContract
	deploy  *types.Receipt
}

// deployToken takes the path of the compiled contract: JSON with "abi" and "bytecode".
func deployToken(c *client.Client, path string, supply int64) (*token, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var compiled struct {
		Abi      json.RawMessage
		Bytecode string
	}
	if err := json.Unmarshal(text, &compiled); err != nil {
		return nil, err
	}
	parsed, err := abi.JSON(strings.NewReader(string(compiled.Abi)))
	if err != nil {
		return nil, err
	}
	code := common.FromHex(compiled.Bytecode)
	_, receipt, bound, err := bind.DeployContractGetReceipt(c.GetTransactOpts(), parsed, code, c, big.NewInt(supply))
	if err != nil {
		return nil, fmt.Errorf("deploy: %w", err)
	}
	return &token{client: c, abi: parsed, address: receipt.ContractAddress, bound: bound, deploy: receipt}, nil
}

func (t *token) transfer(to common.Address, amount int64) (*types.Receipt, error) {
	_, receipt, err := t.bound.Transact(t.client.GetTransactOpts(), "transfer", to, big.NewInt(amount))
	return receipt, err
}

func (t *token) transferAsync(to common.Address, amount int64) (*types.Receipt, error) {
	receipts := make(chan *types.Receipt, 1)
	failures := make(chan error, 1)
	handler := func(receipt *types.Receipt, err error) {
		if err != nil {
			failures <- err
			return
		}
		receipts <- receipt
	}
	if _, err := t.bound.AsyncTransact(t.client.GetTransactOpts(), handler, "transfer", to, big.NewInt(amount)); err != nil {
		return nil, err
	}
	select {
	case receipt := <-receipts:
		return receipt, nil
	case err := <-failures:
		return nil, err
	case <-time.After(patience):
		return nil, fmt.Errorf("no receipt of an asynchronous transaction")
	}
}

func (t *token) balanceOf(owner common.Address) (string, error) {
	var balance *big.Int
	err := t.bound.Call(t.client.GetCallOpts(), &balance, "balanceOf", owner)
	if err != nil {
		return "", err
	}
	return balance.String(), nil
}

// contract <compiled>: deploys, sends and waits, sends and is told, fails, calls.
func contract(clients []*client.Client, args []string) (any, error) {
	t, err := deployToken(clients[0], args[0], 1000)
	if err != nil {
		return nil, err
	}
	to := common.HexToAddress("0x1000000000000000000000000000000000000001")
	sent, err := t.transfer(to, 10)
	if err != nil {
		return nil, err
	}
	async, err := t.transferAsync(to, 20)
	if err != nil {
		return nil, err
	}
	refused, err := t.transfer(to, 5000)
	if err != nil {
		return nil, err
	}
	balance, err := t.balanceOf(to)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"from":     clients[0].GetTransactOpts().From.Hex(),
		"deployed": t.deploy,
		"sent":     sent,
		"async":    async,
		"refused":  refused,
		"balance":  balance,
	}, nil
}

// events <compiled>: logs of the past and of the future, of one contract and one topic.
func events(clients []*client.Client, args []string) (any, error) {
	t, err := deployToken(clients[0], args[0], 1000)
	if err != nil {
		return nil, err
	}
	to := common.HexToAddress("0x1000000000000000000000000000000000000002")
	if _, err := t.transfer(to, 1); err != nil {
		return nil, err
	}
	params := types.EventLogParams{
		FromBlock: "1",
		ToBlock:   "latest",
		GroupID:   "1",
		Addresses: []string{t.address.Hex()},
		Topics:    []string{common.BytesToHash(crypto.Keccak256([]byte("Transfer(address,address,uint256)"))).Hex()},
	}
	logs := make(chan types.Log, 100)
	id, err := clients[0].SubscribeEventLogs(params, func(_ int, found []types.Log) {
		for _, log := range found {
			logs <- log
		}
	})
	if err != nil {
		return nil, err
	}
	past, err := next(logs, "a log of the past")
	if err != nil {
		return nil, err
	}
	if _, err := t.transfer(to, 2); err != nil {
		return nil, err
	}
	future, err := next(logs, "a log of the future")
	if err != nil {
		return nil, err
	}
	return []any{past, future}, clients[0].UnSubscribeEventLogs(id)
}

// blocks <compiled>: the numbers of new blocks.
func blocks(clients []*client.Client, args []string) (any, error) {
	numbers := make(chan int64, 100)
	if err := clients[0].SubscribeBlockNumberNotify(func(number int64) { numbers <- number }); err != nil {
		return nil, err
	}
	t, err := deployToken(clients[0], args[0], 1)
	if err != nil {
		return nil, err
	}
	for {
		number, err := next(numbers, "the number of the block")
		if err != nil {
			return nil, err
		}
		// The first number may be told on subscription.
		if fmt.Sprintf("0x%x", number) == t.deploy.BlockNumber {
			return number, clients[0].UnsubscribeBlockNumberNotify()
		}
	}
}

// names <name> <version> <address> <abi>: registers a contract by name.
func names(clients []*client.Client, args []string) (any, error) {
	service, err := cns.NewCnsService(clients[0])
	if err != nil {
		return nil, err
	}
	code, err := service.RegisterCns(args[0], args[1], common.HexToAddress(args[2]), args[3])
	if err != nil {
		return nil, err
	}
	infos, err := service.QueryCnsByNameAndVersion(args[0], args[1])
	if err != nil {
		return nil, err
	}
	return map[string]any{"code": code, "found": infos}, nil
}

// rows <table>: creates a table and works with its rows.
func rows(clients []*client.Client, args []string) (any, error) {
	service, err := crud.NewCRUDService(clients[0])
	if err != nil {
		return nil, err
	}
	table := args[0]
	created, err := service.CreateTable(table, "name", "item_id,item_name")
	if err != nil {
		return nil, fmt.Errorf("create: %w", err)
	}
	entry := crud.NewEntry()
	entry.Put("item_id", "7")
	entry.Put("item_name", "apple")
	inserted, err := service.Insert(table, "fruit", entry)
	if err != nil {
		return nil, fmt.Errorf("insert: %w", err)
	}
	changed := crud.NewEntry()
	changed.Put("item_name", "orange")
	condition := crud.NewCondition()
	condition.EQ("item_id", "7")
	updated, err := service.Update(table, "fruit", changed, condition)
	if err != nil {
		return nil, fmt.Errorf("update: %w", err)
	}
	selected, err := service.Select(table, "fruit", condition)
	if err != nil {
		return nil, fmt.Errorf("select: %w", err)
	}
	removed, err := service.Remove(table, "fruit", condition)
	if err != nil {
		return nil, fmt.Errorf("remove: %w", err)
	}
	key, fields, err := service.Desc(table)
	if err != nil {
		return nil, fmt.Errorf("desc: %w", err)
	}
	return map[string]any{
		"created": created, "inserted": inserted, "updated": updated, "selected": selected, "removed": removed,
		"key": key, "fields": fields,
	}, nil
}

// messages: from the first client to the second, which is at another node; a public topic, then a private one.
func messages(clients []*client.Client, _ []string) (any, error) {
	sender, receiver := clients[0], clients[1]
	heard := make(chan string, 100)
	answer := func(data []byte, response *[]byte) {
		heard <- string(data)
		*response = append([]byte("heard "), data...)
	}
	if err := receiver.SubscribeTopic("public", answer); err != nil {
		return nil, err
	}
	public, err := patiently(func() ([]byte, error) { return sender.SendAMOPMsg("public", []byte("one")) })
	if err != nil {
		return nil, fmt.Errorf("public topic: %w", err)
	}
	if err := sender.BroadcastAMOPMsg("public", []byte("two")); err != nil {
		return nil, fmt.Errorf("broadcast: %w", err)
	}
	key, err := crypto.GenerateKey()
	if err != nil {
		return nil, err
	}
	if err := receiver.SubscribePrivateTopic("private", key, answer); err != nil {
		return nil, err
	}
	if err := sender.PublishPrivateTopic("private", []*ecdsa.PublicKey{&key.PublicKey}); err != nil {
		return nil, err
	}
	private, err := patiently(func() ([]byte, error) { return sender.SendAMOPPrivateMsg("private", []byte("three")) })
	if err != nil {
		return nil, fmt.Errorf("private topic: %w", err)
	}
	if err := sender.BroadcastAMOPPrivateMsg("private", []byte("four")); err != nil {
		return nil, fmt.Errorf("private broadcast: %w", err)
	}
	var all []string
	for range 4 {
		text, err := next(heard, "a message")
		if err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return map[string]any{"public": string(public), "private": string(private), "heard": all}, nil
}

// patiently repeats what nodes refuse until they have told each other of a new topic.
func patiently(send func() ([]byte, error)) ([]byte, error) {
	deadline := time.Now().Add(patience)
	for {
		answer, err := send()
		if err == nil || time.Now().After(deadline) {
			return answer, err
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func next[T any](values <-chan T, what string) (T, error) {
	select {
	case value := <-values:
		return value, nil
	case <-time.After(patience):
		var none T
		return none, fmt.Errorf("%s did not come", what)
	}
}
