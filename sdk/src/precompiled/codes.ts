/** Words for the codes that contracts built into the nodes answer with. */

/** Every code with its text, in the words that other SDKs use. */
export const PRECOMPILED_TEXTS: ReadonlyMap<number, string> = new Map([
  [0, "Success"],
  [-50000, "Permission denied"],
  [-50001, "The table already exist"],
  [-50002, "The table name length exceeds the limit 48"],
  [-50003, "The table field name exceeds the limit 64"],
  [-50004, "The length of all the fields name exceeds the limit 1024"],
  [-50005, "The value exceeds the limit, key max length is 255"],
  [-50006, "The field value exceeds the limit 16777215"],
  [-50007, "The table contains duplicated field"],
  [-50008, "Invalid table name or field name"],
  [-50100, "Open table failed, please check the existence of the table"],
  [-50101, "Undefined function"],
  [-50102, "Invalid address format"],
  [-51000, "The table name and address already exist"],
  [-51001, "The table name and address not exist"],
  [-51002, "The table name string length exceeds the maximum limit"],
  [-51003, "The contract doesn't exist"],
  [-51004, "The committee permission control by ChainGovernance are recommended"],
  [-51100, "Invalid node ID"],
  [-51101, "The last sealer cannot be removed"],
  [-51200, "The contract name and version already exist"],
  [-51201, "The version string length exceeds the maximum limit"],
  [-51300, "Invalid configuration entry"],
  [-51500, "Parse the input of the Entry Precompiled failed"],
  [-51501, "Parse the input of Condition Precompiled failed"],
  [-51502, "Undefined function of Condition Precompiled"],
  [-51503, "Don't update the table key"],
  [-51600, "Execute PaillierAdd failed"],
  [-51700, "Verify group signature failed"],
  [-51800, "Verify ring signature failed"],
  [-51900, "The contract has been frozen"],
  [-51901, "The contract is available"],
  [-51902, "The contract has been granted authorization with same user"],
  [-51903, "The contract address is invalid"],
  [-51904, "The queried contract address doesn't exist"],
  [-51905, "Have no permission to access the contract table"],
  [-51906, "The contract status manager doesn't exist"],
  [-51907, "The contract has only one contract status manager left, so it cannot be revoked"],
  [-52000, "The committee member already exist"],
  [-52001, "The committee member not exist"],
  [-52002, "Invalid request for permission deny"],
  [-52003, "Invalid threshold, threshold should from 0 to 99"],
  [-52004, "The operator or cnsManager cannot be committee member"],
  [-52005, "The committee member cannot be operator"],
  [-52006, "The operator already exist"],
  [-52007, "The operator not exist"],
  [-52008, "Account not exist"],
  [-52009, "Invalid account address"],
  [-52010, "The account is already available"],
  [-52011, "The account is frozen"],
  [-52012, "The current value is expected"],
  [-53000, "No permission to charge or deduct gas"],
  [-53001, "The charged or deducted gas must be positive"],
  [-53002, "Charge gas failed for integer overflow"],
  [-53003, "The remain gas is less than the deducted gas"],
  [-53004, "Only committee members can grant chargers"],
  [-53005, "Only committee members can revoke chargers"],
  [-53006, "The granted account is already the charger"],
  [-53007, "The revoked account is not in the charger list"],
  [-53008, "Undefined function call to GasChargeManagePrecompiled"],
]);

/** What a code means; counts and other numbers without a meaning of their own are successes. */
export function precompiledText(code: number): string {
  return PRECOMPILED_TEXTS.get(code) ?? (code < 0 ? "Unknown error" : "Success");
}

/** The code in an output: the low 32 bits, signed, of its first word. */
export function codeOfOutput(output: string): number {
  return Number(BigInt.asIntN(32, BigInt(output.slice(0, 66))));
}
