const CLOSE = 60; // px from the end that still count as the end

/**
 * Keeps the visible part in place while a list changes above and below it. At the end of the list, keeps the end in
 * view.
 */
export class ScrollKeeper {
  isAtEnd = true;
  #height = 0;
  /**
   * @type {{key: string | undefined, node: HTMLElement, at: number}[]} messages on the screen and their distances from
   * the top of the list
   */
  #anchors = [];

  /** @param {HTMLElement} list @param {() => void} scrolled */
  constructor(list, scrolled) {
    this.list = list;
    list.addEventListener('scroll', () => {
      // A box that shrinks, for a phone's keyboard, also fires scroll events, though the person has not scrolled.
      if (list.clientHeight === this.#height)
        this.isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < CLOSE;
      this.#mark();
      scrolled();
    }, { passive: true });
    this.observer = new ResizeObserver(() => {
      this.#height = list.clientHeight;
      if (this.isAtEnd) this.toEnd();
    });
    this.observer.observe(list);
    // Pictures make their messages taller when they are loaded.
    list.addEventListener('load', () => {
      if (this.isAtEnd) this.toEnd();
      else this.#restore();
    }, true);
  }

  close() {
    this.observer.disconnect();
  }

  toEnd() {
    this.isAtEnd = true;
    this.list.scrollTop = this.list.scrollHeight;
  }

  /** @param {HTMLElement} node @param {ScrollLogicalPosition} block */
  show(node, block) {
    node.scrollIntoView({ block });
    this.isAtEnd = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < CLOSE;
  }

  /** @param {() => void} change */
  keep(change) {
    if (!this.isAtEnd) this.#mark();
    change();
    if (this.isAtEnd) this.toEnd();
    else this.#restore();
  }

  /** Remembers the positions of the rows on the screen. */
  #mark() {
    const top = this.list.scrollTop;
    this.#anchors = this.isAtEnd ? []
      : this.#seen().map((node) => ({ key: node.dataset.key, node, at: node.offsetTop - top }));
  }

  #restore() {
    const { list } = this;
    for (const { key, node, at } of this.#anchors) {
      const now = node.isConnected ? node
        : /** @type {HTMLElement | null} */ (list.querySelector(`[data-key="${CSS.escape(key ?? '')}"]`));
      if (now) return void (list.scrollTop = now.offsetTop - at);
    }
  }

  /** The rows on the screen, from the top. */
  #seen() {
    const children = /** @type {HTMLElement[]} */ ([...this.list.children]), { scrollTop, clientHeight } = this.list;
    let low = 0, high = children.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (children[middle].offsetTop + children[middle].offsetHeight < scrollTop) low = middle + 1;
      else high = middle;
    }
    const end = children.findIndex((node, i) => i >= low && node.offsetTop > scrollTop + clientHeight);
    return children.slice(low, end < 0 ? undefined : end).filter((node) => node.classList.contains('message'));
  }
}
