import { describe, expect, it } from "vitest";
import { ascii } from "../../primitives/index.js";
import { smSuite, standardSuite } from "../../crypto/index.js";
import { selectorOf } from "../abi/index.js";
import { conditionDispatcher } from "./condition-object.js";
import { entriesDispatcher } from "./entries-object.js";
import { entryDispatcher } from "./entry-object.js";
import { kvTableDispatcher } from "./kv-table-object.js";
import { CONTRACTS } from "./registry.js";
import { tableDispatcher } from "./table-object.js";

/** Contract, signature, selector under Keccak-256, selector under SM3: `docs/protocol/precompiled.md`. */
const TABLE = `
1000 setValueByKey(string,string) bd291aef 0749b518
1001 openTable(string) f23f63c9 59a48b65
1001 createTable(string,string,string) 56004b6a c92a7801
table select(string,address) e8434e39 d8ac5957
table insert(string,address) 31afac36 4c6f30c0
table update(string,address,address) bf2b70a1 664b37d6
table remove(string,address) 28bb2117 09ff42f0
table newCondition() 7857d7c9 c74f8caf
table newEntry() 13db9346 5887ab24
condition EQ(string,int256) e44594b9 d62b54b4
condition EQ(string,string) cd30a1d1 ae763db5
condition EQ(string,address) c559a73a de78e50a
condition NE(string,int256) 39aef024 f955264b
condition NE(string,string) 2783acf5 966b0822
condition GT(string,int256) 08ad6333 e1f10ee0
condition GE(string,int256) 42f8dd31 40b5f1ab
condition LT(string,int256) c31c9b65 1ee88791
condition LE(string,int256) b6f23857 2ec346c9
condition limit(int256) 2e0d738a bd8cb043
condition limit(int256,int256) 7ec1cc65 32492737
entry getInt(string) fda69fae 4900862e
entry getUInt(string) 3536046a df7427af
entry getAddress(string) bf40fac1 07afbf3a
entry getBytes64(string) d52decd4 9139fa37
entry getBytes32(string) 27314f79 fdebe414
entry getString(string) 9c981fcb 9bca41e8
entry set(string,int256) 2ef8ba74 def42698
entry set(string,uint256) 8a42ebe9 f2f4ee6d
entry set(string,address) a815ff15 517c4dd9
entry set(string,string) e942b516 1a391cb4
entries get(int256) 846719e0 3dd2b614
entries size() 949d225d d3e9af5a
1010 openTable(string) f23f63c9 59a48b65
1010 createTable(string,string,string) 56004b6a c92a7801
kv get(string) 693ec85e 7b1b8e03
kv set(string,address) a815ff15 517c4dd9
kv newEntry() 13db9346 5887ab24
1002 desc(string) 5d0d6d54 b885d5ac
1002 insert(string,string,string,string) a216464b b8eaa08d
1002 update(string,string,string,string,string) 2dca76c1 10bd675b
1002 remove(string,string,string,string) a72a1e65 81b81824
1002 select(string,string,string,string) 983c6c4f 7388111f
1003 addSealer(string) 89152d1f df434acc
1003 addObserver(string) 2800efc0 25e85d16
1003 remove(string) 80599e4b 86b733f9
1004 insert(string,string,string,string) a216464b b8eaa08d
1004 selectByName(string) 819a3d62 078af4af
1004 selectByNameAndVersion(string,string) 897f0251 ec72a422
1004 getContractAddress(string,string) f85f8126 f1a31bfa
1005 insert(string,string) 06e63ff8 ce0a9fb9
1005 remove(string,string) 44590a7e 85d23afc
1005 queryByName(string) 20586031 bbec3f91
1005 grantWrite(address,address) 96ec37c4 d010d23c
1005 revokeWrite(address,address) 99c26010 df12fe78
1005 queryPermission(address) 54ad6352 67547e08
1006 registerParallelFunctionInternal(address,string,uint256) 0553904e dc536a62
1006 unregisterParallelFunctionInternal(address,string) 11e3f2af 714c65bd
1007 freeze(address) 8d1fdf2f f12c66df
1007 unfreeze(address) 45c8b1a6 61cb24c3
1007 grantManager(address,address) a721fb43 27c46414
1007 revokeManager(address,address) 3a67288f 00c77684
1007 getStatus(address) 30ccebb5 bca14431
1007 listManager(address) c5252d0e dc7d16f9
1008 grantCommitteeMember(address) 6f8f521f cbff0346
1008 revokeCommitteeMember(address) cafb4d1b 681362f3
1008 listCommitteeMembers() 885a3a72 77cb0994
1008 updateCommitteeMemberWeight(address,int256) 246c3376 95e96f8f
1008 queryCommitteeMemberWeight(address) 6c147119 c784c982
1008 updateThreshold(int256) 97b00861 931af204
1008 queryThreshold() 281af27d 35365efb
1008 queryVotesOfMember(address) 284f6e88 1cfb254d
1008 queryVotesOfThreshold() 791a2742 2e8c25f5
1008 grantOperator(address) e348da13 d1db6540
1008 revokeOperator(address) fad8b32a c9ab2069
1008 listOperators() 039a93ca b90059a3
1008 freezeAccount(address) f26c159f 563e46a5
1008 unfreezeAccount(address) 788649ea 2312386d
1008 getAccountStatus(address) fd4fa05a a41e61cc
1009 charge(address,uint256) a3ffa9cd c74b68d9
1009 deduct(address,uint256) 47055321 790162d7
1009 queryRemainGas(address) f001f6a3 00ba8f9b
1009 grantCharger(address) caf39c51 3009a33c
1009 revokeCharger(address) 867bde5d ec597503
1009 listChargers() a9f2b9a8 a06cc6ae
1011 rotateWorkingSealer(std::string, std::string, std::string) df04e6b2 372410a0
5002 userAdd(string,uint256) 3fe8e3f5 ebceb511
5002 userSave(string,uint256) e555f3d9 622793a5
5002 userDraw(string,uint256) ff2b0127 2f327550
5002 userTransfer(string,string,uint256) 0b37617b 1626c092
5002 userBalance(string) 1536aedd 01d04396
5003 paillierAdd(string,string) 938e7668 8afc0c2a
5004 groupSigVerify(string,string,string,string) b2c8ac1e 9be9e392
5005 ringSigVerify(string,string,string) 4090ff6d 337dd753
5006 sm3(bytes) fb34363c f25611b5
5006 keccak256Hash(bytes) eb90f459 b6510107
5006 sm2Verify(bytes32,bytes,bytes32,bytes32) cbdb3a67 22ede61e
5006 curve25519VRFVerify(string,string,string) 52ce50e8 226f66e0
`;

const ROWS = TABLE.trim()
  .split("\n")
  .map((line) => {
    const [, contract, signature, keccak, sm] = /^(\S+) (.+) (\S{8}) (\S{8})$/.exec(line) ?? [];
    return { contract: contract ?? "", signature: signature ?? "", keccak: keccak ?? "", sm: sm ?? "" };
  });

const hex = (selector: number): string => selector.toString(16).padStart(8, "0");

describe("selectors", () => {
  it("are the ones chains use, on standard and on sm chains", () => {
    for (const { signature, keccak, sm } of ROWS) {
      const text = ascii(signature);
      expect([signature, hex(selectorOf(standardSuite, text)), hex(selectorOf(smSuite, text))]).toEqual([
        signature,
        keccak,
        sm,
      ]);
    }
  });

  it("are answered by every contract and object for exactly the functions of the table", () => {
    const signatures: [string, readonly string[]][] = [
      ...CONTRACTS.map((contract): [string, readonly string[]] => [
        BigInt(`0x${contract.address}`).toString(16),
        contract.signatures,
      ]),
      ["table", tableDispatcher.signatures],
      ["condition", conditionDispatcher.signatures],
      ["entry", entryDispatcher.signatures],
      ["entries", entriesDispatcher.signatures],
      ["kv", kvTableDispatcher.signatures],
    ];
    const found = signatures.flatMap(([contract, texts]) => texts.map((text) => `${contract} ${text}`));
    expect(found.sort()).toEqual(ROWS.map(({ contract, signature }) => `${contract} ${signature}`).sort());
  });
});
