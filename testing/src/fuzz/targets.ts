/** Everything that is fuzzed. */
import type { NativeSuites } from "@tsbcos/node/crypto";
import { bytecodeTarget } from "./bytecode.js";
import { channelTarget } from "./channel.js";
import { decodersTarget, framesTarget } from "./decoders.js";
import { jsonRpcTarget } from "./json-rpc.js";
import { memberTarget } from "./member.js";
import { precompiledTarget } from "./precompiled.js";
import { smTlsTarget } from "./sm-tls.js";
import type { Target } from "./target.js";

/** All targets, in the order in which they take turns. */
export function allTargets(suites: NativeSuites): Target[] {
  return [
    bytecodeTarget(suites.standard),
    precompiledTarget([suites.standard, suites.sm]),
    decodersTarget(),
    framesTarget(),
    jsonRpcTarget(suites),
    channelTarget(),
    memberTarget(suites),
    smTlsTarget(),
  ];
}
