/** Reads as much of WebAssembly modules as is needed to change one function. */

const cut = (): Error => new Error("the WebAssembly module ends too early");

/** The parts of a WebAssembly module that matter here. @see https://webassembly.github.io/spec/core/binary/modules.html */
export class WasmReader {
  readonly #bytes: Uint8Array;
  readonly #sections = new Map<number, number>();
  #at = 8;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    while (this.#at < bytes.length) {
      const id = this.#byte();
      const size = this.#number();
      if (!this.#sections.has(id)) this.#sections.set(id, this.#at);
      this.#at += size;
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw cut();
    return byte;
  }

  #number(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#byte();
      value |= (byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) return value >>> 0;
    }
  }

  #list<T>(section: number | undefined, read: () => T): T[] {
    if (section !== undefined) this.#at = this.#sections.get(section) ?? this.#bytes.length;
    return Array.from({ length: this.#number() }, read);
  }

  #text(): string {
    const size = this.#number();
    this.#at += size;
    return Buffer.from(this.#bytes.subarray(this.#at - size, this.#at)).toString("utf8");
  }

  #limits(): void {
    const hasMaximum = this.#byte() & 1;
    this.#number();
    if (hasMaximum === 1) this.#number();
  }

  /** Signatures as `127,127>127`. */
  types(): string[] {
    return this.#list(1, () => {
      this.#byte();
      const parameters = this.#list(undefined, () => this.#byte());
      return `${parameters.join(",")}>${this.#list(undefined, () => this.#byte()).join(",")}`;
    });
  }

  /** Imported functions, in order. */
  imports(): { readonly group: string; readonly name: string; readonly type: number }[] {
    const all = this.#list(2, () => {
      const group = this.#text();
      const name = this.#text();
      const kind = this.#byte();
      if (kind === 0) return { group, name, type: this.#number() };
      if (kind === 1) this.#byte();
      if (kind === 3) this.#at += 2;
      else this.#limits();
      return undefined;
    });
    return all.filter((one) => one !== undefined);
  }

  /** Signatures of the module's own functions, by index in {@link types}. */
  functionTypes(): number[] {
    return this.#list(3, () => this.#number());
  }

  /** From where to where each function's body reaches. */
  bodies(): (readonly [number, number])[] {
    return this.#list(10, () => {
      const size = this.#number();
      this.#at += size;
      return [this.#at - size, this.#at] as const;
    });
  }

  /** The address in memory of what lies at an offset of the file. */
  addressOf(offset: number): number | undefined {
    const found = this.#list(11, () => {
      const isPassive = this.#byte() === 1;
      let base = 0;
      if (!isPassive) {
        this.#byte();
        base = this.#number();
        this.#byte();
      }
      const size = this.#number();
      const start = this.#at;
      this.#at += size;
      return offset >= start && offset < start + size ? base + offset - start : undefined;
    });
    return found.find((address) => address !== undefined);
  }
}
