/** Runs a message and every message within it, on a stack of its own instead of JavaScript's. */
import { resume } from "./calls.js";
import { Frame } from "./frame.js";
import type { Host } from "./host.js";
import { run } from "./interpreter.js";
import type { Message, Outcome } from "./message.js";
import { Halt } from "./message.js";

/** The state that messages work on: what happens before and after code runs. */
export interface World<O extends Outcome = Outcome> extends Host {
  /** Prepares a message: a frame when code is to run, the outcome when not. */
  enter(message: Message): Frame | O;
  /** Turns the halt of a frame that {@link enter} gave into its outcome, undoing its changes if it failed. */
  leave(frame: Frame): O;
}

/** The outcome of a whole message, and the frame that ran it if code ran. */
export interface Completed<O extends Outcome> {
  readonly outcome: O;
  /** Holds logs, refund and destroyed contracts of the message and all that succeeded within it. */
  readonly frame: Frame | undefined;
}

/** Runs `message` to its end. */
export function runMessage<O extends Outcome>(world: World<O>, message: Message): Completed<O> {
  const first = world.enter(message);
  if (!(first instanceof Frame)) return { outcome: first, frame: undefined };
  const stack = [first];
  for (;;) {
    const frame = stack[stack.length - 1] as Frame;
    run(frame, world);
    if (frame.halt === Halt.None && frame.request !== undefined) {
      const entered = world.enter(frame.request);
      if (entered instanceof Frame) stack.push(entered);
      else resume(frame, entered);
      continue;
    }
    const outcome = world.leave(frame);
    if (!outcome.success) frame.discard();
    frame.release();
    stack.pop();
    const caller = stack[stack.length - 1];
    if (caller === undefined) return { outcome, frame };
    if (outcome.success) caller.absorb(frame);
    resume(caller, outcome);
  }
}
