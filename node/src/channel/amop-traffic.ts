/** What AMOP receives and sends, counted by the kind of message and by who is at the other end. */
import { ChannelType } from "@tsbcos/core/protocol";

/** Who is at the other end. */
export type AmopSide = "client" | "node";

/** What a message is for; `verification` is the talk about subscribers of private topics. */
export type AmopKind = "request" | "answer" | "multicast" | "verification";

/** Messages of one kind since the start. */
export interface AmopTraffic {
  readonly direction: "received" | "sent";
  readonly side: AmopSide;
  readonly kind: AmopKind;
  readonly messages: number;
  /** Of channel frames; between nodes before compression. */
  readonly bytes: number;
}

type Counter = { -readonly [Key in keyof AmopTraffic]: AmopTraffic[Key] };

/** Counters of one direction and side, one for each kind. */
type Counters = Readonly<Record<AmopKind, Counter>>;

/** The kind of a channel frame of AMOP. */
export function kindOf(type: number): AmopKind {
  switch (type) {
    case ChannelType.AmopRequest:
      return "request";
    case ChannelType.AmopResponse:
      return "answer";
    case ChannelType.AmopMulticast:
      return "multicast";
    default:
      return "verification";
  }
}

/** The counters of one service. */
export class AmopTrafficCounters {
  readonly received = { client: counters("received", "client"), node: counters("received", "node") };
  readonly sent = { client: counters("sent", "client"), node: counters("sent", "node") };

  /** A copy of all of them. */
  snapshot(): AmopTraffic[] {
    const all = [this.received.client, this.received.node, this.sent.client, this.sent.node];
    return all.flatMap((counted) => Object.values(counted)).map((counter) => ({ ...counter }));
  }
}

/** Counts messages of `bytes` each. */
export function count(counter: Counter, bytes: number, messages = 1): void {
  counter.messages += messages;
  counter.bytes += bytes * messages;
}

function counters(direction: AmopTraffic["direction"], side: AmopSide): Counters {
  const of = (kind: AmopKind): Counter => ({ direction, side, kind, messages: 0, bytes: 0 });
  return {
    request: of("request"),
    answer: of("answer"),
    multicast: of("multicast"),
    verification: of("verification"),
  };
}
