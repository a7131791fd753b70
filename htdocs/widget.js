/**
 * widget.js: a chat in any page.
 *
 *   <script type="module" src="/chat/widget.js" data-mode="floating"></script>
 *   <script type="module" src="/chat/widget.js"></script> … <confab-chat room="…"></confab-chat>
 *
 * docs/widget.md describes the attributes, and how a site identifies its visitors.
 */
import { ConfabChat } from './widget/element.js';

ConfabChat.mount = new URL('.', import.meta.url).href;
if (!customElements.get('confab-chat')) customElements.define('confab-chat', ConfabChat);

// The script element itself may request a widget. Its data- attributes become the element's attributes.
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
