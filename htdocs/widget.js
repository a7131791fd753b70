/**
 * widget.js: a chat in any page.
 *
 *   <script type="module" src="/chat/widget.js" data-mode="floating"></script>
 *   <script type="module" src="/chat/widget.js"></script> … <confab-chat room="…"></confab-chat>
 *
 * docs/widget.md has the attributes, and how a site says who its visitor is.
 */
import { ConfabChat } from './widget/element.js';

ConfabChat.mount = new URL('.', import.meta.url).href;
if (!customElements.get('confab-chat')) customElements.define('confab-chat', ConfabChat);

// The script itself may ask for one. Its data- attributes are the element's.
const script = [...document.querySelectorAll('script')]
  .find(({ src, dataset }) => src === import.meta.url && dataset.mode);
if (script && !script.dataset.done) {
  const chat = document.createElement('confab-chat');
  for (const { name, value } of script.attributes) if (name.startsWith('data-'))
    chat.setAttribute(name.slice(5), value);
  script.dataset.done = 'true';
  if (script.dataset.mode === 'inline') script.after(chat);
  else document.body.append(chat);
}

export { ConfabChat };
