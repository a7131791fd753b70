import { hasText, typedOf } from '../ui/content.js';
import { confirm } from './dialog.js';
import { pickEmoji } from './emoji-picker.js';
import { openForward } from './forward.js';
import { messageQuote, openHistory, openSeenBy } from './message-dialogs.js';

/**
 * The actions on a message. The letters are keyboard shortcuts while the message has the focus.
 * @param {import('./app.js').App} app @param {any} message @param {HTMLElement} node its element
 * @returns {(import('./menu.js').Entry & {letter?: string})[]}
 */
export function actionsOf(app, message, node) {
  const { t, client, permissions } = app, isMine = message.sender.id === app.me.id;
  if (message.state)
    return [{ icon: 'trash', label: t('discard'), danger: true, letter: 'Delete', action: () => message.discard() }];
  const tell = (/** @type {Promise<any>} */ work) => work.catch((error) => app.toast(error));
  return [
    { icon: 'face', label: t('react'), letter: '+',
      action: () => pickEmoji(app, node, (sign) => tell(client.react(message.id, sign))) },
    permissions.maySend(app.open) !== false
      && { icon: 'reply', label: t('reply'), letter: 'r', action: () => app.emit('context', { reply: message }) },
    { icon: 'forward', label: t('forward'), letter: 'f', action: () => openForward(app, message) },
    { icon: 'copy', label: t('copy'), letter: 'c',
      action: () => tell(navigator.clipboard.writeText(typedOf(message.content)).then(() => app.toast(t('copied')))) },
    isMine && hasText(message)
      && { icon: 'edit', label: t('edit'), letter: 'e', action: () => app.emit('context', { edit: message }) },
    permissions.isAdmin(app.open)
      && { icon: 'pin', label: t(message.pinned ? 'unpin' : 'pin'), letter: 'p',
        action: () => tell(client.pin(message.id, !message.pinned)) },
    isMine && { icon: 'checks', label: t('seenBy'), action: () => openSeenBy(app, message) },
    message.is_edited && { icon: 'history', label: t('history'), action: () => openHistory(app, message) },
    isMine && { icon: 'trash', label: t('delete'), danger: true, letter: 'Delete',
      action: () =>
        confirm(app, t('deleteTitle'), t('deleteSure'), t('delete'), () => client.deleteMessage(message.id),
          messageQuote(app, message)) },
  ].filter((entry) => !!entry);
}
