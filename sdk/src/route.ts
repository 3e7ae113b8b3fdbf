// SPDX-License-Identifier: Apache-2.0
/* route -- which transport to take: the first of the order that works here, remembered over reconnects and page
 * loads, and left again for a better one after a while. */
import type { Ports } from "./ports.js";
import type { TransportName } from "./transport/transport.js";

/** How often in a row one that worked before may fail before another is tried. */
const MISSES_MAX = 3;
/** How long a fallback is kept before the first choice is tried again. */
const UPGRADE_MS = 600_000;

export class Route {
  private chain: readonly TransportName[];
  private at = 0;
  private misses = 0;
  private readonly known = new Set<TransportName>();
  private upgrade_at: number;

  constructor(
    private readonly order: readonly TransportName[],
    private readonly ports: Pick<Ports, "clock" | "recall" | "remember">,
  ) {
    const note = ports.recall();
    const first = order.find((name) => name === note);
    this.chain = first === undefined ? order : [first, ...order.filter((name) => name !== first)];
    this.upgrade_at = ports.clock.now() + UPGRADE_MS;
  }

  /** The transport for a connection that begins now. */
  next(): TransportName {
    const now = this.ports.clock.now();
    if (now >= this.upgrade_at) {
      this.chain = this.order;
      this.unknown();
      this.upgrade_at = now + UPGRADE_MS;
    }
    return this.chain[this.at] ?? "poll";
  }

  worked(name: TransportName): void {
    this.misses = 0;
    if (this.known.has(name)) return;
    this.known.add(name);
    this.ports.remember(name);
  }

  /** It does not get through here. True: there is another to try at once; false: wait first. */
  failed(name: TransportName): boolean {
    if (this.known.has(name) && ++this.misses < MISSES_MAX) return false;
    this.misses = 0;
    this.at = (this.at + 1) % this.chain.length;
    return this.at > 0;
  }

  /** Nobody answered at all, which says nothing of any transport: begin with the best again. */
  unknown(): void {
    this.at = 0;
    this.misses = 0;
  }
}
