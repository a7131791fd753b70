/** All names and numbers of the protocol, and nothing else. */

export const Command = {
  SEND: 'message.send', ACKNOWLEDGED: 'message.acknowledged', READ: 'message.read', REACT: 'message.react',
  TYPING: 'message.typing',
  MODIFY: 'message.modify', PIN: 'message.pin', HISTORY: 'message.history', SEARCH: 'message.search',
  CREATE_ROOM: 'room.create', LIST_ROOMS: 'room.list', ROOM_INFO: 'room.info', MEMBERS: 'room.members',
  PERMISSIONS: 'room.permissions',
  MESSAGES: 'room.messages', PINS: 'room.pins',
  READ_ROOM: 'room.read', JOIN: 'room.join', LEAVE: 'room.leave', ADD_MEMBERS: 'room.add_members',
  REMOVE_MEMBERS: 'room.remove_members',
  MODIFY_ROOM: 'room.modify', INVITE: 'room.invite', INVITES: 'room.invites', REVOKE_INVITE: 'room.revoke_invite',
  REQUEST: 'room.request', REQUESTS: 'room.requests', ANSWER: 'room.answer',
  HEARTBEAT: 'session.heartbeat', SESSIONS: 'session.list', END_SESSION: 'session.end',
  WATCH: 'presence.subscribe', UNWATCH: 'presence.unsubscribe',
  USERS: 'user.list', BLOCK: 'user.block', UNBLOCK: 'user.unblock', BLOCKED: 'user.blocked',
};

/** Commands sent over an open WebSocket. Others are answered by their dispatch, which a WebSocket does not return. */
export const SWIFT = new Set([Command.SEND, Command.ACKNOWLEDGED, Command.READ, Command.TYPING, Command.READ_ROOM,
  Command.LIST_ROOMS, Command.MESSAGES,
  Command.HEARTBEAT, Command.WATCH, Command.UNWATCH]);
/** Commands about the client's own stream. */
export const OF_SESSION = new Set([Command.HEARTBEAT, Command.WATCH, Command.UNWATCH]);

export const Dispatch = {
  READY: 'session.ready', NOTIFICATIONS: 'chat.notifications', RESYNC: 'session.resync',
  MESSAGE: 'message.dispatch', DELIVERED: 'messagedelivered.dispatch', RECEIPT: 'readreceipt.dispatch',
  REACTION: 'reaction.dispatch',
  TYPING: 'messagetyping.dispatch', MODIFIED: 'messagemodification.dispatch', PIN: 'messagepin.dispatch',
  ROOM_READ: 'roomread.dispatch',
  ROOM_CREATED: 'roomcreate.dispatch', ROOM_UPDATED: 'roomupdate.dispatch', ROOM_DELETED: 'roomdelete.dispatch',
  ROOM_EXIT: 'roomexit.dispatch',
  MEMBERS_ADDED: 'roomaddmembers.dispatch', MEMBERS_REMOVED: 'roomremovemembers.dispatch',
  PRESENCE: 'presence.dispatch',
  ROOM_REQUEST: 'roomrequest.dispatch', ROOM_INVITE: 'roominvite.dispatch',
};

export const Code = {
  NETWORK: 0, // not of the protocol: there was no answer
  UNAUTHENTICATED: 4001, DENIED: 4002, INVALID: 4003, NOT_FOUND: 4004, CONFLICT: 4005, UNEXPECTED: 4006,
  SLOW: 4008, TOO_LARGE: 4013, RATE_LIMITED: 4029, UNAVAILABLE: 4053,
  RESTARTING: 1012, // a close code
};

export const RoomType = { ONE_TO_ONE: 'OneToOneChat', GROUP: 'GroupChat', CHANNEL: 'Channel' };

export const NotificationType = {
  MESSAGE: 'NEW_MESSAGE', REPLY: 'REPLY', MENTION: 'MENTION', REACTION: 'REACTION', INVITE: 'ROOM_INVITE',
};
