-- What the upgrades add up to; made by make schema, compared by tests/upgrade.test.
CREATE SCHEMA confab;
CREATE SCHEMA confab_site;
CREATE TYPE confab.caller AS (
	account_id bigint,
	login_id bigint,
	session_id uuid,
	idempotency_key text
);
CREATE TYPE confab.entry AS (
	room_id uuid,
	account_ids bigint[],
	event text,
	data json,
	effect json,
	message_ids uuid[]
);
CREATE TYPE confab.outcome AS (
	reply text,
	dispatch text,
	seq bigint
);
CREATE TYPE confab.room_type AS ENUM (
    'OneToOneChat',
    'GroupChat',
    'Channel'
);
CREATE TABLE confab.erased_account (
    account_id bigint NOT NULL,
    username text NOT NULL,
    erased_at timestamp with time zone DEFAULT now() NOT NULL,
    place_room uuid DEFAULT '00000000-0000-0000-0000-000000000000'::uuid NOT NULL,
    place_seq bigint DEFAULT 0 NOT NULL,
    are_messages_done boolean DEFAULT false NOT NULL,
    swept_seq bigint DEFAULT 0 NOT NULL,
    media_ids uuid[] DEFAULT '{}'::uuid[] NOT NULL
);
ALTER TABLE ONLY confab.erased_account ALTER COLUMN username SET STATISTICS 0;
CREATE TABLE confab.message (
    room_id uuid NOT NULL,
    seq bigint NOT NULL,
    id uuid NOT NULL,
    sender_id bigint NOT NULL,
    content text NOT NULL,
    client_id text,
    is_deleted boolean DEFAULT false NOT NULL,
    is_edited boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    parent_seq bigint,
    forwarded_from jsonb,
    has_attachments boolean DEFAULT false NOT NULL,
    has_mentions boolean DEFAULT false NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    pinned_at timestamp with time zone,
    custom jsonb,
    CONSTRAINT message_forwarded_or_reply CHECK (((forwarded_from IS NULL) OR (parent_seq IS NULL)))
);
ALTER TABLE ONLY confab.message ALTER COLUMN content SET STATISTICS 0;
ALTER TABLE ONLY confab.message ALTER COLUMN client_id SET STATISTICS 0;
ALTER TABLE ONLY confab.message ALTER COLUMN forwarded_from SET STATISTICS 0;
ALTER TABLE ONLY confab.message ALTER COLUMN custom SET STATISTICS 0;
CREATE UNLOGGED TABLE confab.attempt (
    key bytea NOT NULL,
    failures integer NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    next_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE confab.room (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    type confab.room_type NOT NULL,
    name text,
    description text,
    avatar text,
    creator_id bigint,
    capacity bigint,
    is_public boolean DEFAULT false NOT NULL,
    join_approval_required boolean DEFAULT false NOT NULL,
    group_locked boolean DEFAULT false NOT NULL,
    preferences jsonb DEFAULT '{}'::jsonb NOT NULL,
    pair bigint[],
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    external_key text,
    CONSTRAINT room_by_type CHECK (
CASE type
    WHEN 'OneToOneChat'::confab.room_type THEN ((name IS NULL) AND (capacity IS NULL) AND (pair IS NOT NULL) AND (cardinality(pair) = 2))
    ELSE (((length(name) >= 1) AND (length(name) <= 64)) AND (capacity >= 1) AND (pair IS NULL))
END)
);
ALTER TABLE ONLY confab.room ALTER COLUMN name SET STATISTICS 0;
ALTER TABLE ONLY confab.room ALTER COLUMN description SET STATISTICS 0;
ALTER TABLE ONLY confab.room ALTER COLUMN avatar SET STATISTICS 0;
ALTER TABLE ONLY confab.room ALTER COLUMN preferences SET STATISTICS 0;
ALTER TABLE ONLY confab.room ALTER COLUMN external_key SET STATISTICS 0;
CREATE TABLE confab.member (
    room_id uuid NOT NULL,
    account_id bigint NOT NULL,
    since_seq bigint NOT NULL,
    role text DEFAULT 'member'::text NOT NULL,
    grants text[] DEFAULT '{}'::text[] NOT NULL,
    last_read_seq bigint DEFAULT 0 NOT NULL,
    joined_at timestamp with time zone DEFAULT now() NOT NULL,
    last_acked_seq bigint DEFAULT 0 NOT NULL,
    reactions_seen_seq bigint DEFAULT 0 NOT NULL,
    history_floor bigint DEFAULT 0 NOT NULL,
    hidden boolean DEFAULT false NOT NULL,
    added_by bigint,
    CONSTRAINT member_role_check CHECK ((role = ANY (ARRAY['member'::text, 'admin'::text])))
)
WITH (fillfactor='80');
CREATE TABLE confab.command (
    name text NOT NULL,
    function regproc NOT NULL,
    rich_text text[] DEFAULT '{}'::text[] NOT NULL,
    rings boolean DEFAULT true NOT NULL,
    enabled boolean DEFAULT true NOT NULL,
    rate_class text DEFAULT 'other'::text NOT NULL,
    CONSTRAINT command_rate_class_known CHECK ((rate_class = ANY (ARRAY['send'::text, 'receipt'::text, 'room'::text, 'search'::text, 'other'::text])))
);
CREATE TABLE confab.deferred (
    id bigint NOT NULL,
    room_id uuid NOT NULL,
    account_ids bigint[],
    is_new boolean,
    message_id uuid,
    sender_id bigint,
    content text,
    client_id text
);
ALTER TABLE ONLY confab.deferred ALTER COLUMN content SET STATISTICS 0;
ALTER TABLE ONLY confab.deferred ALTER COLUMN client_id SET STATISTICS 0;
CREATE TABLE confab.invite (
    id bigint NOT NULL,
    room_id uuid NOT NULL,
    creator_id bigint NOT NULL,
    secret_hash bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    max_uses bigint,
    uses bigint DEFAULT 0 NOT NULL
);
CREATE TABLE confab.epoch (
    epoch text NOT NULL,
    one boolean DEFAULT true NOT NULL,
    fingerprint text,
    CONSTRAINT epoch_epoch_check CHECK ((epoch ~ '^[A-Za-z0-9_-]{1,32}$'::text)),
    CONSTRAINT epoch_one_check CHECK (one)
);
CREATE TABLE confab.message_state (
    room_id uuid NOT NULL,
    seq bigint NOT NULL,
    delivered_count bigint DEFAULT 0 NOT NULL,
    read_count bigint DEFAULT 0 NOT NULL,
    reaction_counts jsonb DEFAULT '{}'::jsonb NOT NULL
)
WITH (fillfactor='70');
ALTER TABLE ONLY confab.message_state ALTER COLUMN reaction_counts SET STATISTICS 0;
CREATE TABLE confab.reaction (
    room_id uuid NOT NULL,
    seq bigint NOT NULL,
    account_id bigint NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    content text NOT NULL,
    log_seq bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE ONLY confab.reaction ALTER COLUMN content SET STATISTICS 0;
CREATE TABLE confab.push_position (
    seq bigint NOT NULL,
    fence bigint,
    holders text[],
    one boolean DEFAULT true NOT NULL,
    CONSTRAINT push_position_one_check CHECK (one)
);
CREATE TABLE confab.join_request (
    room_id uuid NOT NULL,
    account_id bigint NOT NULL,
    reason text,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE ONLY confab.join_request ALTER COLUMN reason SET STATISTICS 0;
CREATE TABLE confab.account (
    id bigint NOT NULL,
    username text NOT NULL,
    email text DEFAULT ''::text NOT NULL,
    first_name text DEFAULT ''::text NOT NULL,
    last_name text DEFAULT ''::text NOT NULL,
    password_hash text,
    disabled boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    skeleton text,
    avatar text DEFAULT ''::text NOT NULL,
    is_staff boolean DEFAULT false NOT NULL,
    CONSTRAINT account_username_form CHECK ((((length(username) >= 1) AND (length(username) <= 64)) AND (username IS NFC NORMALIZED)))
);
ALTER TABLE ONLY confab.account ALTER COLUMN username SET STATISTICS 0;
ALTER TABLE ONLY confab.account ALTER COLUMN email SET STATISTICS 0;
ALTER TABLE ONLY confab.account ALTER COLUMN first_name SET STATISTICS 0;
ALTER TABLE ONLY confab.account ALTER COLUMN last_name SET STATISTICS 0;
ALTER TABLE ONLY confab.account ALTER COLUMN password_hash SET STATISTICS 0;
ALTER TABLE ONLY confab.account ALTER COLUMN skeleton SET STATISTICS 0;
ALTER TABLE ONLY confab.account ALTER COLUMN avatar SET STATISTICS 0;
ALTER TABLE confab.account ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME confab.account_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE confab.attachment (
    room_id uuid NOT NULL,
    seq bigint NOT NULL,
    "position" smallint NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    media_url text NOT NULL,
    media_type text NOT NULL,
    file_size bigint NOT NULL,
    mime_type text NOT NULL,
    caption text,
    metadata jsonb NOT NULL,
    media_id uuid
);
ALTER TABLE ONLY confab.attachment ALTER COLUMN media_url SET STATISTICS 0;
ALTER TABLE ONLY confab.attachment ALTER COLUMN caption SET STATISTICS 0;
ALTER TABLE ONLY confab.attachment ALTER COLUMN metadata SET STATISTICS 0;
CREATE TABLE confab.block (
    account_id bigint NOT NULL,
    blocked_id bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE UNLOGGED TABLE confab.budget (
    account_id bigint NOT NULL,
    kind text NOT NULL,
    since timestamp with time zone DEFAULT now() NOT NULL,
    used bigint NOT NULL
);
CREATE TABLE confab.changed_room (
    room_id uuid NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    swept_seq bigint DEFAULT 0 NOT NULL
);
CREATE TABLE confab.confusable (
    letter text NOT NULL,
    looks_like text NOT NULL
);
ALTER TABLE confab.deferred ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME confab.deferred_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE confab.device (
    token_hash bytea NOT NULL,
    account_id bigint NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE confab.ended_token (
    token_hash bytea NOT NULL,
    expires_at timestamp with time zone NOT NULL
);
CREATE TABLE confab.erased_message (
    id uuid NOT NULL,
    erased_at timestamp with time zone DEFAULT now() NOT NULL,
    seq bigint
);
CREATE TABLE confab.erased_reaction (
    message_id uuid NOT NULL,
    content text NOT NULL,
    erased_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE ONLY confab.erased_reaction ALTER COLUMN content SET STATISTICS 0;
CREATE TABLE confab.erased_room (
    room_id uuid NOT NULL,
    erased_at timestamp with time zone DEFAULT now() NOT NULL,
    swept_seq bigint DEFAULT 0 NOT NULL
);
CREATE TABLE confab.erased_subject (
    hash bytea NOT NULL,
    erased_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE ONLY confab.erased_subject ALTER COLUMN hash SET STATISTICS 0;
CREATE TABLE confab.external_identity (
    issuer text NOT NULL,
    subject text NOT NULL,
    account_id bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE ONLY confab.external_identity ALTER COLUMN subject SET STATISTICS 0;
CREATE TABLE confab.host_progress (
    is_only boolean DEFAULT true NOT NULL,
    after text DEFAULT ''::text NOT NULL,
    CONSTRAINT host_progress_is_only_check CHECK (is_only)
);
ALTER TABLE ONLY confab.host_progress ALTER COLUMN after SET STATISTICS 0;
CREATE TABLE confab.invitation (
    room_id uuid NOT NULL,
    account_id bigint NOT NULL,
    inviter_id bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE confab.invite ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME confab.invite_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE confab.left_room (
    room_id uuid NOT NULL,
    account_id bigint NOT NULL,
    left_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE confab.log (
    seq bigint NOT NULL,
    room_id uuid,
    account_ids bigint[],
    effect json,
    payload text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    message_ids uuid[],
    is_own boolean DEFAULT false NOT NULL,
    recipient_id bigint
)
PARTITION BY RANGE (seq);
ALTER TABLE ONLY confab.log ALTER COLUMN payload SET STATISTICS 0;
CREATE TABLE confab.log_partition (
    first_seq bigint NOT NULL,
    name text NOT NULL
);
CREATE SEQUENCE confab.log_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE VIEW confab.log_told AS
 SELECT l.seq,
    l.room_id,
    l.account_ids,
    (l.effect)::text AS effect,
        CASE
            WHEN (l.message_ids = '{}'::uuid[]) THEN l.payload
            WHEN ((cardinality(l.message_ids) = 1) AND ( SELECT ((NOT m.is_deleted) AND (m.room_id <> ALL (ARRAY( SELECT e.room_id
                       FROM confab.erased_room e))))
               FROM confab.message m
              WHERE (m.id = l.message_ids[1]))) THEN l.payload
            ELSE confab.payload_now(l.payload, l.message_ids)
        END AS payload,
    COALESCE(l.message_ids, confab.shown_messages(((l.payload)::json -> 'data'::text))) AS message_ids,
    confab.log_stamp(l.created_at) AS stamp,
    l.recipient_id
   FROM confab.log l;
CREATE TABLE confab.log_trimmed (
    seq bigint NOT NULL,
    one boolean DEFAULT true NOT NULL,
    CONSTRAINT log_trimmed_one_check CHECK (one)
);
CREATE TABLE confab.login (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    token_hash bytea NOT NULL,
    user_agent text,
    address text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    last_seen timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    issuer text,
    CONSTRAINT login_token_hash_check CHECK ((length(token_hash) = 32))
);
ALTER TABLE ONLY confab.login ALTER COLUMN user_agent SET STATISTICS 0;
ALTER TABLE ONLY confab.login ALTER COLUMN address SET STATISTICS 0;
ALTER TABLE confab.login ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME confab.login_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE confab.media (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    account_id bigint,
    content_id bigint NOT NULL,
    preview_id bigint,
    size bigint NOT NULL,
    name text NOT NULL,
    media_type text NOT NULL,
    mime_type text NOT NULL,
    width integer,
    height integer,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    loose_since timestamp with time zone DEFAULT now()
);
ALTER TABLE ONLY confab.media ALTER COLUMN name SET STATISTICS 0;
CREATE TABLE confab.media_content (
    id bigint NOT NULL,
    hash bytea NOT NULL,
    size bigint NOT NULL,
    doomed_at timestamp with time zone,
    CONSTRAINT media_content_hash_check CHECK ((length(hash) = 32)),
    CONSTRAINT media_content_size_check CHECK ((size >= 0))
);
ALTER TABLE ONLY confab.media_content ALTER COLUMN hash SET STATISTICS 0;
ALTER TABLE confab.media_content ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME confab.media_content_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE confab.mention (
    account_id bigint NOT NULL,
    room_id uuid NOT NULL,
    seq bigint NOT NULL
);
CREATE TABLE confab.message_version (
    room_id uuid NOT NULL,
    seq bigint NOT NULL,
    version integer NOT NULL,
    content text NOT NULL,
    created_at timestamp with time zone NOT NULL
);
ALTER TABLE ONLY confab.message_version ALTER COLUMN content SET STATISTICS 0;
CREATE TABLE confab.name_range (
    first integer NOT NULL,
    last integer NOT NULL,
    is_mark boolean NOT NULL
);
CREATE TABLE confab.password_reset (
    token_hash bytea NOT NULL,
    account_id bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT password_reset_token_hash_check CHECK ((length(token_hash) = 32))
);
CREATE VIEW confab.pending_notification AS
 SELECT b.account_id,
    b.room_id,
    n.seq AS message_seq,
    n.notification_type,
    n.reaction_id,
    n.at_seq,
    b.history_floor
   FROM (confab.member b
     CROSS JOIN LATERAL ( SELECT m.seq,
            m.notification_type,
            NULL::uuid AS reaction_id,
            m.seq AS at_seq
           FROM confab.notified_messages(b.*, 100) m(seq, notification_type)
        UNION ALL
         SELECT r.seq,
            'REACTION'::text,
            r.id,
            r.log_seq
           FROM confab.notified_reactions(b.*, 100) r(room_id, seq, account_id, id, content, log_seq, created_at)) n);
CREATE TABLE confab.presence (
    account_id bigint NOT NULL,
    status text NOT NULL,
    last_seen timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT presence_status_check CHECK ((status = ANY (ARRAY['online'::text, 'idle'::text, 'offline'::text])))
);
CREATE TABLE confab.presence_subscription (
    session_id uuid NOT NULL,
    account_id bigint,
    room_id uuid,
    CONSTRAINT presence_subscription_check CHECK ((num_nonnulls(account_id, room_id) = 1))
);
CREATE TABLE confab.process (
    name text NOT NULL,
    alive_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE confab.push_job (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    room_id uuid NOT NULL,
    seq bigint NOT NULL,
    log_seq bigint NOT NULL,
    notification_type text NOT NULL,
    due_at timestamp with time zone NOT NULL,
    attempts integer DEFAULT 0 NOT NULL
);
ALTER TABLE confab.push_job ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME confab.push_job_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE confab.receipt (
    room_id uuid NOT NULL,
    seq bigint NOT NULL,
    account_id bigint NOT NULL,
    acked_seq bigint NOT NULL,
    delivered_at timestamp with time zone DEFAULT now() NOT NULL,
    read_at timestamp with time zone
);
CREATE TABLE confab.retention (
    room_id uuid NOT NULL,
    keep_days numeric,
    expired_seq bigint DEFAULT 0 NOT NULL,
    CONSTRAINT retention_keep_days_form CHECK ((keep_days >= (0)::numeric))
);
CREATE TABLE confab.schema_version (
    name text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE confab.session (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    account_id bigint NOT NULL,
    login_id bigint,
    transport text NOT NULL,
    process text NOT NULL,
    user_agent text,
    address text,
    opened_at timestamp with time zone DEFAULT now() NOT NULL,
    last_seen timestamp with time zone DEFAULT now() NOT NULL,
    idle_since timestamp with time zone,
    is_plain boolean DEFAULT false NOT NULL
);
ALTER TABLE ONLY confab.session ALTER COLUMN user_agent SET STATISTICS 0;
ALTER TABLE ONLY confab.session ALTER COLUMN address SET STATISTICS 0;
CREATE TABLE confab.setting (
    name text NOT NULL,
    value jsonb NOT NULL,
    help text NOT NULL
);
CREATE TABLE confab.ticket (
    ticket_hash bytea NOT NULL,
    login_id bigint NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT ticket_ticket_hash_check CHECK ((length(ticket_hash) = 32))
);
CREATE TABLE confab.transport (
    name text NOT NULL,
    keeps_session boolean NOT NULL
);
CREATE UNLOGGED TABLE confab.typing (
    account_id bigint NOT NULL,
    room_id uuid NOT NULL,
    told_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE confab.upkeep (
    name text NOT NULL,
    place uuid NOT NULL
);
ALTER TABLE ONLY confab.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (id);
ALTER TABLE ONLY confab.attachment
    ADD CONSTRAINT attachment_pkey PRIMARY KEY (room_id, seq, "position");
ALTER TABLE ONLY confab.attempt
    ADD CONSTRAINT attempt_pkey PRIMARY KEY (key);
ALTER TABLE ONLY confab.block
    ADD CONSTRAINT block_pkey PRIMARY KEY (account_id, blocked_id);
ALTER TABLE ONLY confab.budget
    ADD CONSTRAINT budget_pkey PRIMARY KEY (account_id, kind);
ALTER TABLE ONLY confab.changed_room
    ADD CONSTRAINT changed_room_pkey PRIMARY KEY (room_id);
ALTER TABLE ONLY confab.command
    ADD CONSTRAINT command_pkey PRIMARY KEY (name);
ALTER TABLE ONLY confab.confusable
    ADD CONSTRAINT confusable_pkey PRIMARY KEY (letter);
ALTER TABLE ONLY confab.deferred
    ADD CONSTRAINT deferred_pkey PRIMARY KEY (id);
ALTER TABLE ONLY confab.device
    ADD CONSTRAINT device_pkey PRIMARY KEY (token_hash);
ALTER TABLE ONLY confab.ended_token
    ADD CONSTRAINT ended_token_pkey PRIMARY KEY (token_hash);
ALTER TABLE ONLY confab.epoch
    ADD CONSTRAINT epoch_one_key UNIQUE (one);
ALTER TABLE ONLY confab.epoch
    ADD CONSTRAINT epoch_pkey PRIMARY KEY (epoch);
ALTER TABLE ONLY confab.erased_account
    ADD CONSTRAINT erased_account_pkey PRIMARY KEY (account_id);
ALTER TABLE ONLY confab.erased_message
    ADD CONSTRAINT erased_message_pkey PRIMARY KEY (id);
ALTER TABLE ONLY confab.erased_reaction
    ADD CONSTRAINT erased_reaction_pkey PRIMARY KEY (message_id, content);
ALTER TABLE ONLY confab.erased_room
    ADD CONSTRAINT erased_room_pkey PRIMARY KEY (room_id);
ALTER TABLE ONLY confab.erased_subject
    ADD CONSTRAINT erased_subject_pkey PRIMARY KEY (hash);
ALTER TABLE ONLY confab.external_identity
    ADD CONSTRAINT external_identity_pkey PRIMARY KEY (issuer, subject);
ALTER TABLE ONLY confab.host_progress
    ADD CONSTRAINT host_progress_pkey PRIMARY KEY (is_only);
ALTER TABLE ONLY confab.invitation
    ADD CONSTRAINT invitation_pkey PRIMARY KEY (room_id, account_id);
ALTER TABLE ONLY confab.invite
    ADD CONSTRAINT invite_pkey PRIMARY KEY (id);
ALTER TABLE ONLY confab.invite
    ADD CONSTRAINT invite_secret_hash_key UNIQUE (secret_hash);
ALTER TABLE ONLY confab.join_request
    ADD CONSTRAINT join_request_pkey PRIMARY KEY (room_id, account_id);
ALTER TABLE ONLY confab.left_room
    ADD CONSTRAINT left_room_pkey PRIMARY KEY (room_id, account_id);
ALTER TABLE ONLY confab.log_partition
    ADD CONSTRAINT log_partition_pkey PRIMARY KEY (first_seq);
ALTER TABLE ONLY confab.log
    ADD CONSTRAINT log_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY confab.log_trimmed
    ADD CONSTRAINT log_trimmed_one_key UNIQUE (one);
ALTER TABLE ONLY confab.login
    ADD CONSTRAINT login_pkey PRIMARY KEY (id);
ALTER TABLE ONLY confab.login
    ADD CONSTRAINT login_token_hash_key UNIQUE (token_hash);
ALTER TABLE ONLY confab.media_content
    ADD CONSTRAINT media_content_pkey PRIMARY KEY (id);
ALTER TABLE ONLY confab.media
    ADD CONSTRAINT media_pkey PRIMARY KEY (id);
ALTER TABLE ONLY confab.member
    ADD CONSTRAINT member_pkey PRIMARY KEY (room_id, account_id);
ALTER TABLE ONLY confab.mention
    ADD CONSTRAINT mention_pkey PRIMARY KEY (account_id, room_id, seq);
ALTER TABLE ONLY confab.message
    ADD CONSTRAINT message_pkey PRIMARY KEY (room_id, seq);
ALTER TABLE ONLY confab.message_state
    ADD CONSTRAINT message_state_pkey PRIMARY KEY (room_id, seq);
ALTER TABLE ONLY confab.message_version
    ADD CONSTRAINT message_version_pkey PRIMARY KEY (room_id, seq, version);
ALTER TABLE ONLY confab.name_range
    ADD CONSTRAINT name_range_pkey PRIMARY KEY (first);
ALTER TABLE ONLY confab.password_reset
    ADD CONSTRAINT password_reset_pkey PRIMARY KEY (token_hash);
ALTER TABLE ONLY confab.presence
    ADD CONSTRAINT presence_pkey PRIMARY KEY (account_id);
ALTER TABLE ONLY confab.process
    ADD CONSTRAINT process_pkey PRIMARY KEY (name);
ALTER TABLE ONLY confab.push_job
    ADD CONSTRAINT push_job_pkey PRIMARY KEY (id);
ALTER TABLE ONLY confab.push_position
    ADD CONSTRAINT push_position_one_key UNIQUE (one);
ALTER TABLE ONLY confab.reaction
    ADD CONSTRAINT reaction_pkey PRIMARY KEY (room_id, seq, account_id);
ALTER TABLE ONLY confab.receipt
    ADD CONSTRAINT receipt_pkey PRIMARY KEY (room_id, seq, account_id);
ALTER TABLE ONLY confab.retention
    ADD CONSTRAINT retention_pkey PRIMARY KEY (room_id);
ALTER TABLE ONLY confab.room
    ADD CONSTRAINT room_pkey PRIMARY KEY (id);
ALTER TABLE ONLY confab.schema_version
    ADD CONSTRAINT schema_version_pkey PRIMARY KEY (name);
ALTER TABLE ONLY confab.session
    ADD CONSTRAINT session_pkey PRIMARY KEY (id);
ALTER TABLE ONLY confab.setting
    ADD CONSTRAINT setting_pkey PRIMARY KEY (name);
ALTER TABLE ONLY confab.ticket
    ADD CONSTRAINT ticket_pkey PRIMARY KEY (ticket_hash);
ALTER TABLE ONLY confab.transport
    ADD CONSTRAINT transport_pkey PRIMARY KEY (name);
ALTER TABLE ONLY confab.typing
    ADD CONSTRAINT typing_pkey PRIMARY KEY (account_id, room_id);
ALTER TABLE ONLY confab.upkeep
    ADD CONSTRAINT upkeep_pkey PRIMARY KEY (name);
CREATE INDEX account_email_idx ON confab.account USING btree (lower(email)) WHERE (email <> ''::text);
ALTER INDEX confab.account_email_idx ALTER COLUMN 1 SET STATISTICS 0;
CREATE INDEX account_skeleton_idx ON confab.account USING btree (skeleton);
CREATE UNIQUE INDEX account_username_key ON confab.account USING btree (lower(username));
ALTER INDEX confab.account_username_key ALTER COLUMN 1 SET STATISTICS 0;
CREATE INDEX account_username_prefix_idx ON confab.account USING btree (lower(username) text_pattern_ops);
ALTER INDEX confab.account_username_prefix_idx ALTER COLUMN 1 SET STATISTICS 0;
CREATE INDEX attachment_media_idx ON confab.attachment USING btree (media_id) WHERE (media_id IS NOT NULL);
CREATE INDEX attempt_ends_idx ON confab.attempt USING btree (ends_at);
CREATE INDEX block_blocked_idx ON confab.block USING btree (blocked_id, account_id);
CREATE INDEX device_account_idx ON confab.device USING btree (account_id, seen_at);
CREATE INDEX ended_token_expires_idx ON confab.ended_token USING btree (expires_at);
CREATE INDEX external_identity_account_idx ON confab.external_identity USING btree (account_id);
CREATE UNIQUE INDEX invitation_account_idx ON confab.invitation USING btree (account_id, room_id);
CREATE INDEX invitation_inviter_idx ON confab.invitation USING btree (inviter_id);
CREATE INDEX invite_room_idx ON confab.invite USING btree (room_id);
CREATE INDEX join_request_account_idx ON confab.join_request USING btree (account_id);
CREATE INDEX left_room_account_idx ON confab.left_room USING btree (account_id, room_id);
CREATE INDEX log_message_ids_idx ON ONLY confab.log USING gin (message_ids) WITH (gin_pending_list_limit='64') WHERE (NOT is_own);
CREATE INDEX login_account_idx ON confab.login USING btree (account_id);
CREATE INDEX media_account_idx ON confab.media USING btree (account_id) INCLUDE (size);
CREATE INDEX media_content_doomed_idx ON confab.media_content USING btree (doomed_at) WHERE (doomed_at IS NOT NULL);
CREATE UNIQUE INDEX media_content_hash_key ON confab.media_content USING btree (hash) WHERE (doomed_at IS NULL);
CREATE INDEX media_content_idx ON confab.media USING btree (content_id);
CREATE INDEX media_loose_idx ON confab.media USING btree (loose_since) WHERE (loose_since IS NOT NULL);
CREATE INDEX media_preview_idx ON confab.media USING btree (preview_id) WHERE (preview_id IS NOT NULL);
CREATE UNIQUE INDEX member_account_idx ON confab.member USING btree (account_id, room_id);
CREATE INDEX member_added_idx ON confab.member USING btree (account_id, room_id) WHERE (added_by IS NOT NULL);
CREATE INDEX member_admin_idx ON confab.member USING btree (room_id, account_id) WHERE (role = 'admin'::text);
CREATE INDEX mention_message_idx ON confab.mention USING btree (room_id, seq);
CREATE UNIQUE INDEX message_client_id_key ON confab.message USING btree (sender_id, client_id) WHERE (client_id IS NOT NULL);
CREATE INDEX message_forwarded_idx ON confab.message USING btree ((((forwarded_from ->> 'id'::text))::uuid)) WHERE (forwarded_from IS NOT NULL);
CREATE UNIQUE INDEX message_id_key ON confab.message USING btree (id);
CREATE INDEX message_pinned_idx ON confab.message USING btree (room_id, pinned_at) WHERE (pinned_at IS NOT NULL);
CREATE INDEX message_search_idx ON confab.message USING gin (confab.search_vector(room_id, content)) WITH (gin_pending_list_limit='64') WHERE (NOT is_deleted);
ALTER INDEX confab.message_search_idx ALTER COLUMN 1 SET STATISTICS 0;
CREATE INDEX password_reset_account_idx ON confab.password_reset USING btree (account_id);
CREATE UNIQUE INDEX presence_subscription_account_key ON confab.presence_subscription USING btree (account_id, session_id) WHERE (account_id IS NOT NULL);
CREATE UNIQUE INDEX presence_subscription_room_key ON confab.presence_subscription USING btree (room_id, session_id) WHERE (room_id IS NOT NULL);
CREATE INDEX presence_subscription_session_idx ON confab.presence_subscription USING btree (session_id);
CREATE INDEX push_job_due_idx ON confab.push_job USING btree (due_at);
CREATE INDEX reaction_log_idx ON confab.reaction USING btree (room_id, log_seq);
CREATE INDEX retention_keep_days_idx ON confab.retention USING btree (room_id) WHERE (keep_days IS NOT NULL);
CREATE UNIQUE INDEX room_external_key ON confab.room USING btree (external_key) WHERE (external_key IS NOT NULL);
CREATE UNIQUE INDEX room_pair_key ON confab.room USING btree (pair) WHERE (pair IS NOT NULL);
CREATE INDEX session_account_idx ON confab.session USING btree (account_id);
CREATE INDEX session_login_idx ON confab.session USING btree (login_id);
CREATE INDEX session_process_idx ON confab.session USING btree (process);
CREATE INDEX ticket_expires_idx ON confab.ticket USING btree (expires_at);
CREATE INDEX ticket_login_idx ON confab.ticket USING btree (login_id);
CREATE STATISTICS confab.message_search_words ON confab.search_vector(room_id, content) FROM confab.message;
ALTER STATISTICS confab.message_search_words SET STATISTICS 0;
CREATE TRIGGER attachment_gone AFTER DELETE ON confab.attachment REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION confab.attachment_gone();
CREATE CONSTRAINT TRIGGER deferred_run AFTER INSERT ON confab.deferred DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION confab.deferred_run();
ALTER TABLE ONLY confab.block
    ADD CONSTRAINT block_account_id_fkey FOREIGN KEY (account_id) REFERENCES confab.account(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.block
    ADD CONSTRAINT block_blocked_id_fkey FOREIGN KEY (blocked_id) REFERENCES confab.account(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.changed_room
    ADD CONSTRAINT changed_room_room_id_fkey FOREIGN KEY (room_id) REFERENCES confab.room(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.device
    ADD CONSTRAINT device_account_id_fkey FOREIGN KEY (account_id) REFERENCES confab.account(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.erased_account
    ADD CONSTRAINT erased_account_account_id_fkey FOREIGN KEY (account_id) REFERENCES confab.account(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.external_identity
    ADD CONSTRAINT external_identity_account_id_fkey FOREIGN KEY (account_id) REFERENCES confab.account(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.invitation
    ADD CONSTRAINT invitation_account_id_fkey FOREIGN KEY (account_id) REFERENCES confab.account(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.invitation
    ADD CONSTRAINT invitation_inviter_id_fkey FOREIGN KEY (inviter_id) REFERENCES confab.account(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.invitation
    ADD CONSTRAINT invitation_room_id_fkey FOREIGN KEY (room_id) REFERENCES confab.room(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.invite
    ADD CONSTRAINT invite_creator_id_fkey FOREIGN KEY (creator_id) REFERENCES confab.account(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.invite
    ADD CONSTRAINT invite_room_id_fkey FOREIGN KEY (room_id) REFERENCES confab.room(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.join_request
    ADD CONSTRAINT join_request_account_id_fkey FOREIGN KEY (account_id) REFERENCES confab.account(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.join_request
    ADD CONSTRAINT join_request_room_id_fkey FOREIGN KEY (room_id) REFERENCES confab.room(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.left_room
    ADD CONSTRAINT left_room_account_id_fkey FOREIGN KEY (account_id) REFERENCES confab.account(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.left_room
    ADD CONSTRAINT left_room_room_id_fkey FOREIGN KEY (room_id) REFERENCES confab.room(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.login
    ADD CONSTRAINT login_account_id_fkey FOREIGN KEY (account_id) REFERENCES confab.account(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.media
    ADD CONSTRAINT media_account_id_fkey FOREIGN KEY (account_id) REFERENCES confab.account(id) ON DELETE SET NULL;
ALTER TABLE ONLY confab.media
    ADD CONSTRAINT media_content_id_fkey FOREIGN KEY (content_id) REFERENCES confab.media_content(id);
ALTER TABLE ONLY confab.media
    ADD CONSTRAINT media_preview_id_fkey FOREIGN KEY (preview_id) REFERENCES confab.media_content(id);
ALTER TABLE ONLY confab.member
    ADD CONSTRAINT member_account_id_fkey FOREIGN KEY (account_id) REFERENCES confab.account(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.member
    ADD CONSTRAINT member_room_id_fkey FOREIGN KEY (room_id) REFERENCES confab.room(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.password_reset
    ADD CONSTRAINT password_reset_account_id_fkey FOREIGN KEY (account_id) REFERENCES confab.account(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.presence_subscription
    ADD CONSTRAINT presence_subscription_session_id_fkey FOREIGN KEY (session_id) REFERENCES confab.session(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.retention
    ADD CONSTRAINT retention_room_id_fkey FOREIGN KEY (room_id) REFERENCES confab.room(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.room
    ADD CONSTRAINT room_creator_id_fkey FOREIGN KEY (creator_id) REFERENCES confab.account(id);
ALTER TABLE ONLY confab.session
    ADD CONSTRAINT session_account_id_fkey FOREIGN KEY (account_id) REFERENCES confab.account(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.session
    ADD CONSTRAINT session_login_id_fkey FOREIGN KEY (login_id) REFERENCES confab.login(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.session
    ADD CONSTRAINT session_transport_fkey FOREIGN KEY (transport) REFERENCES confab.transport(name);
ALTER TABLE ONLY confab.ticket
    ADD CONSTRAINT ticket_login_id_fkey FOREIGN KEY (login_id) REFERENCES confab.login(id) ON DELETE CASCADE;
