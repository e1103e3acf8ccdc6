/** Contract 0x1009: gas that accounts have been given, and who may give it. */
import type { Address, ByteString } from "../../primitives/index.js";
import { ascii } from "../../primitives/index.js";
import { V2_9_0 } from "../../protocol/index.js";
import { encodeValues, int } from "../abi/index.js";
import { accountStatus } from "./account-status.js";
import { parseExactAddress } from "./address-text.js";
import { FixedContract } from "./contract-class.js";
import type { PrecompiledContext } from "./contract.js";
import type { Invocation, Method } from "./dispatch.js";
import { isCommitteeMember, prefixed } from "./permissions.js";
import { ResultCode } from "./result-codes.js";
import { encodeNumber } from "./results.js";
import { committedConfig, writeConfig } from "./system-config.js";
import { contractTableName } from "./table-names.js";

const CHARGER_LIST = ascii("charger_list");
const SEPARATOR = ",";
const UINT256_MAX = (1n << 256n) - 1n;

/** Chargers as the parent block had them: changes of this block do not count, not even for each other. */
function committedChargers(context: PrecompiledContext): Set<Address> {
  const texts = committedConfig(context, CHARGER_LIST).value.split(SEPARATOR);
  const addresses = texts.map((text) => parseExactAddress(text as ByteString));
  return new Set(addresses.filter((address) => address !== undefined).sort());
}

function writeChargers(context: PrecompiledContext, chargers: Iterable<Address>): void {
  const texts = [...chargers].sort().map((address) => `${address}${SEPARATOR}`);
  writeConfig(context, { key: CHARGER_LIST, value: ascii(texts.join("")) });
}

/** Why an account cannot be used; undefined when it can. */
function unusable(context: PrecompiledContext, account: Address): number | undefined {
  const status = accountStatus(context, contractTableName(account));
  if (status === "nonexistent") return ResultCode.AccountMissing;
  if (status === "other") return ResultCode.AccountInvalid;
  return status === "frozen" ? ResultCode.AccountFrozen : undefined;
}

/** {@link unusable}, where an account that does not exist is as good as one that does. */
function unusableIfExists(context: PrecompiledContext, account: Address): number | undefined {
  const code = unusable(context, account);
  return code === ResultCode.AccountMissing ? undefined : code;
}

type ChangeRefusal = typeof ResultCode.ChargeOverflow | typeof ResultCode.RemainTooSmall;

/** A function that changes what remains: `change` gives the new value or a code. */
function changing(change: (remain: bigint, amount: bigint) => bigint | ChangeRefusal): Method {
  return ({ args, call, context }) => {
    const account = args.address();
    const amount = args.uint();
    const refuse = (code: number): Uint8Array => encodeValues(int(code), int(0));
    if (amount === 0n) return refuse(ResultCode.ChargeZero);
    const status = unusableIfExists(context, account);
    if (status !== undefined) return refuse(status);
    if (!committedChargers(context).has(call.origin)) return refuse(ResultCode.ChargePermission);
    const changed = change(context.account.remainGas(account), amount);
    if (typeof changed === "number") return refuse(changed);
    context.account.writeRemainGas(account, changed);
    return encodeValues(int(ResultCode.Success), int(context.account.remainGas(account)));
  };
}

const charge = changing((remain, amount) =>
  remain + amount > UINT256_MAX ? ResultCode.ChargeOverflow : remain + amount,
);
const deduct = changing((remain, amount) => (remain < amount ? ResultCode.RemainTooSmall : remain - amount));

function queryRemainGas({ args, context }: Invocation): Uint8Array {
  const account = args.address();
  const code = unusable(context, account);
  if (code !== undefined) return encodeValues(int(code), int(0));
  return encodeValues(int(ResultCode.Success), int(context.account.remainGas(account)));
}

function grantCharger({ args, call, context }: Invocation): Uint8Array {
  const account = args.address();
  const status = unusableIfExists(context, account);
  if (status !== undefined) return encodeNumber(status);
  if (!isCommitteeMember(context, prefixed(call.origin))) return encodeNumber(ResultCode.GrantChargerDenied);
  const chargers = committedChargers(context);
  if (chargers.has(account)) return encodeNumber(ResultCode.ChargerExists);
  writeChargers(context, chargers.add(account));
  return encodeNumber(ResultCode.Success);
}

function revokeCharger({ args, call, context }: Invocation): Uint8Array {
  const account = args.address();
  if (!isCommitteeMember(context, prefixed(call.origin))) return encodeNumber(ResultCode.RevokeChargerDenied);
  const chargers = committedChargers(context);
  if (!chargers.delete(account)) return encodeNumber(ResultCode.ChargerMissing);
  writeChargers(context, chargers);
  return encodeNumber(ResultCode.Success);
}

/** The contract of charged gas. */
export const gasChargeManage = new FixedContract(
  { number: 0x1009, since: V2_9_0 },
  {
    chargesInput: false,
    methods: {
      "charge(address,uint256)": charge,
      "deduct(address,uint256)": deduct,
      "queryRemainGas(address)": queryRemainGas,
      "grantCharger(address)": grantCharger,
      "revokeCharger(address)": revokeCharger,
      "listChargers()": ({ context }) =>
        encodeValues({ type: "address[]", value: [...committedChargers(context)].sort() }),
    },
    unknown: () => encodeNumber(ResultCode.ChargeFunctionUndefined),
  },
);
