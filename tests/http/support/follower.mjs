// A reader that reconnects when its stream ends.

/** A client that reconnects whenever its stream ends, from its last cursor. */
export class Follower {
  constructor(site, kind, who, epoch, seq) {
    Object.assign(this, { site, kind, who, epoch, seq, got: [], repeated: [], ends: [], open: true });
    this.running = this.#follow();
  }

  async #follow() {
    while (this.open) {
      const stream = await this.site.stream(this.kind, this.who,
        { since: `${this.epoch}:${this.seq}`, seconds: 2, wait: false });
      this.stream = stream;
      await stream.over(600_000).catch(() => {});
      this.#take();
      if (this.open) this.ends.push(stream.ended);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  #take() {
    for (const frame of this.stream?.stored ?? [])
      if (frame.seq > this.seq) {
        this.seq = frame.seq;
        this.got.push(frame);
      } else {
        this.repeated.push(frame);
      }
  }

  /** Of messages only: a stream may begin a moment before the newest dispatch, so other ones may come first. */
  contents() {
    return [...this.got, ...(this.stream?.stored ?? []).filter(({ seq }) => seq > this.seq)]
      .filter(({ eventType }) => eventType === 'message.dispatch').map(({ data }) => data.content);
  }

  close() {
    this.open = false;
    this.stream?.close();
    this.stream?.end({ closed: true });
  }
}
