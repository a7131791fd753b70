/**
 * The types of the protocol, for documentation and for `tsc --checkJs`; never loaded.
 *
 * @typedef {{id: number, username: string}} UserRef
 *
 * @typedef {object} User
 * @property {number} id
 * @property {string} username
 * @property {string} email '' for others, unless the server shows it
 * @property {string} first_name
 * @property {string} last_name
 * @property {string} [avatar] the address of a picture
 * @property {true} [is_staff]
 *
 * @typedef {object} Attachment
 * @property {string} id
 * @property {string} media_url
 * @property {'image' | 'video' | 'audio' | 'file'} media_type
 * @property {number} file_size bytes
 * @property {string} mime_type
 * @property {string | null} caption
 * @property {any} metadata
 *
 * @typedef {{id: string, user: User, reaction_content: string, created_at: string}} Reaction
 *
 * @typedef {object} Message
 * @property {string} id
 * @property {{id: string}} room
 * @property {User} sender
 * @property {{reader: User, read_at: string}[]} read_receipts at most 100
 * @property {Reaction[]} reactions at most 100
 * @property {Attachment[]} attachments
 * @property {Message | null} parent_message what it answers; nothing is nested in that
 * @property {true} [parent_deleted] what it answers was deleted
 * @property {any} forwarded_from a Message as it was; of a deleted one only id, room, sender, is_deleted
 * @property {string[]} delivered_to user names, at most 100; complete only for the person's own messages
 * @property {string} content HTML, cleaned by the server
 * @property {boolean} is_deleted
 * @property {boolean} is_forwarded
 * @property {boolean} is_edited
 * @property {string} created_at
 * @property {string} updated_at
 * @property {number} seq
 * @property {number} delivered_count
 * @property {number} read_count
 * @property {Record<string, number>} reaction_counts
 * @property {UserRef[]} mentions
 * @property {boolean} pinned
 * @property {string} [client_id]
 *
 * A message that is being sent: it stays at the end of the messages of its room until its dispatch comes.
 * @typedef {object} Unsent
 * @property {string} client_id its identity
 * @property {{id: string}} room
 * @property {User} sender the person
 * @property {string} content HTML, not yet cleaned by the server: show `text`
 * @property {string} text the typed text if it was plain text; else ''
 * @property {any} [extra_fields]
 * @property {string} created_at
 * @property {'queued' | 'sending' | 'sent' | 'failed'} state
 * @property {import('./error.js').ConfabError} [error] why it failed, or what delays a queued message
 * @property {() => Promise<void>} retry
 * @property {() => Promise<void>} discard
 *
 * An entry of the list of rooms.
 * @typedef {object} Room
 * @property {string} id
 * @property {'OneToOneChat' | 'GroupChat' | 'Channel'} type
 * @property {Message | null} last_message
 * @property {string} created_at
 * @property {string} updated_at
 * @property {number} polymorphic_ctype
 * @property {number} unread up to 1000
 * @property {number} mentions the unread ones that mention the person
 * @property {number} last_read_seq
 * @property {User} [peer] of a one-to-one
 * @property {User} [creator]
 * @property {string} [name]
 * @property {string | null} [description]
 * @property {string | null} [avatar]
 * @property {number} [max_participants]
 * @property {number} [max_subscribers]
 * @property {boolean} [join_approval_required]
 * @property {boolean} [group_locked]
 * @property {boolean} [is_public]
 *
 * The details of a room: the reply to room.info.
 * @typedef {object} RoomDetail
 * @property {string} id
 * @property {'OneToOneChat' | 'GroupChat' | 'Channel'} type
 * @property {{preferences: any}} property
 * @property {string} created_at
 * @property {string} updated_at
 * @property {number} polymorphic_ctype
 * @property {string} [name]
 * @property {string | null} [description]
 * @property {string | null} [avatar]
 * @property {User} [creator]
 * @property {User[]} [participants] of a one-to-one or a group
 * @property {User[]} [admins] of a group
 * @property {User[]} [subscribers] of a channel
 * @property {User[]} [moderators] of a channel
 * @property {number} [max_participants]
 * @property {number} [max_subscribers]
 * @property {boolean} [join_approval_required]
 * @property {boolean} [group_locked]
 * @property {boolean} [is_public]
 *
 * @typedef {{user: UserRef, status: 'online' | 'idle' | 'offline', last_seen: string | null}} Presence
 *
 * @typedef {object} Notification
 * @property {string} id
 * @property {'NEW_MESSAGE' | 'REPLY' | 'MENTION' | 'REACTION' | 'ROOM_INVITE'} notification_type
 * @property {Message | null} message null: it is an invitation
 * @property {Reaction} [reaction]
 * @property {{id: string, type: Room['type'], name?: string}} [room] of an invitation, like the following ones
 * @property {{id?: number, username: string}} [user] the person who added or invited the user
 * @property {'added' | 'pending'} [status]
 * @property {string} [created_at]
 *
 * @typedef {{eventType: string, data: any, seq?: number, id?: string | number}} Frame
 *
 * @typedef {'connecting' | 'open' | 'waiting' | 'unauthenticated' | 'stopped'} State
 *
 * The source of a token: the token, or a function that returns one, called again after 4001.
 * @typedef {string | (() => string | Promise<string>)} TokenSource
 */
export {};
