/** Detects that the person has been idle for a while. The page calls touch() at each activity. */
export class IdleTimer {
  #tell;
  #touched;
  /** @type {boolean | undefined} not known before the first touch */
  idle;
  after = 5 * 60_000; // ms
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {(idle: boolean) => void} tell @param {() => void} [touched] called each time */
  constructor(tell, touched = () => {}) {
    this.#tell = tell;
    this.#touched = touched;
  }

  /** The person moved, typed or looked. The first call starts the timer. */
  touch() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.set(true), this.after);
    this.set(false);
    this.#touched();
  }

  /** @param {boolean} idle */
  set(idle) {
    if (this.idle === idle) return;
    this.idle = idle;
    this.#tell(idle);
  }

  stop() {
    clearTimeout(this.#timer);
  }
}
