/* confab-media: uploads and downloads. POST <mount>media takes a file; GET
 * <mount>media/ID/NAME sends it to a user who may see a message that carries
 * it. Files are below the option media_dir, named by content; the database says
 * what they belong to. A parent keeps workers that serve one request at a time.
 * As plain CGI one process serves one request. */
#include "media.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "auth/login.h"
#include "auth/requirements.h"
#include "base/logger.h"
#include "base/state.h"
#include "base/uuid.h"
#include "base/xalloc.h"
#include "web/worker.h"

enum {
	QUEUE = 256,
	COLLECT_AT_ONCE = 100, /* uploads and files of one round */
};

#define CALLER " from confab.authenticate($1::bytea) c cross join lateral "

static const struct pg_statement statements[] = {
	[MEDIA_ALLOW] = { "allow",
			  "select c.account_id" CALLER
			  "confab.media_allow(c, $2::bigint, $3::bigint) a" },
	[MEDIA_CREATE] = { "create",
			   "select m.*" CALLER
			   "confab.media_create(c, $2::text, $3::text,"
			   " $4::text, $5::bytea, $6::bigint, $7::int, $8::int,"
			   " $9::bytea, $10::bigint, $11::bigint) m" },
	[MEDIA_GET] = { "get",
			"select m.content_id, encode(m.hash, 'hex'), m.size,"
			" m.name, m.mime_type" CALLER
			"confab.media_get(c, $2::uuid, $3::boolean) m" },
	[MEDIA_COLLECT] = { "collect", "select content_id, encode(hash, 'hex')"
				       " from confab.media_collect($1::int)" },
	[MEDIA_COLLECTED] = { "collected",
			      "select confab.media_collected($1::bigint[])" },
};

struct pg_param media_caller(const struct media *media)
{
	return (struct pg_param){ .data = (const char *)media->who.token_hash,
				  .len = SECRET_HASH_SIZE,
				  .binary = true };
}

/* Answers for a failed statement. result: NULL unless PG_FAILED. */
static void fail_statement(struct media *media, enum media_statement which,
			   const struct pg_result *result)
{
	const char *sqlstate = result ? pg_sqlstate(result) : NULL;
	struct error_answer answer = error_answer_statement(
		sqlstate, result ? pg_detail(result) : NULL);

	if (answer.http_status >= 500)
		logger(LEVEL_ERROR, "media",
		       "request=%s statement=%s sqlstate=%s why=\"%s\"",
		       http_request_id(media->http), statements[which].name,
		       sqlstate ? sqlstate : "none", pg_reason(media->pg));
	http_answer(media->http, &answer);
}

struct pg_result *media_ask(struct media *media, enum media_statement which,
			    int n, const struct pg_param *params)
{
	struct pg_result *result;
	enum pg_status status =
		pg_ask(media->pg, &statements[which], n, params, NULL, &result);

	/* Record the log-in only after this failure, so a known token costs no
	 * extra statement. */
	if (status == PG_FAILED && media->who.external &&
	    error_from_sqlstate(pg_sqlstate(result)) == ERROR_UNAUTHENTICATED &&
	    login_exchange(media->pg, &media->who, http_param, media->http) ==
		    PG_OK) {
		pg_result_free(result);
		status = pg_ask(media->pg, &statements[which], n, params, NULL,
				&result);
	}
	if (status == PG_OK)
		return result;
	fail_statement(media, which, result);
	pg_result_free(result);
	return NULL;
}

void media_refuse(struct media *media, const char *field, const char *sentence)
{
	struct buf body = { 0 };

	error_field_body(&body, field, sentence);
	http_respond(media->http, error_info(ERROR_INVALID)->http_status,
		     body.data, body.len);
	buf_free(&body);
}

void media_collect(void *context)
{
	struct media *media = context;
	const char *directory = media->config->media_dir;
	char limit[16];
	struct pg_param param = { .data = limit };
	struct pg_result *result;
	struct buf ids = { 0 };

	store_sweep(directory);
	snprintf(limit, sizeof(limit), "%d", COLLECT_AT_ONCE);
	if (pg_ask(media->pg, &statements[MEDIA_COLLECT], 1, &param, NULL,
		   &result) != PG_OK) {
		pg_result_free(result);
		return;
	}
	for (int i = 0; i < pg_rows(result); i++)
		if (store_remove(directory, pg_field(result, i, 1),
				 pg_field(result, i, 0)))
			buf_addf(&ids, "%s%s", ids.len ? "," : "{",
				 pg_field(result, i, 0));
	pg_result_free(result);
	if (ids.len) {
		buf_add_text(&ids, "}");
		param.data = buf_text(&ids);
		/* Files that are not reported now are removed again in the next
		 * round. */
		(void)!pg_ask(media->pg, &statements[MEDIA_COLLECTED], 1,
			      &param, NULL, &result);
		pg_result_free(result);
	}
	buf_free(&ids);
}

/* Whether the request was refused, with the answer sent. */
static bool is_refused(struct media *media, bool changes)
{
	struct http *http = media->http;
	const char *why;
	enum confab_error error =
		identity_check(&media->who, media->config,
			       changes ? IDENTITY_CHANGE : IDENTITY_READ,
			       http_param, http, &why);

	if (error != ERROR_NONE)
		http_fail(http, error, why);
	return error != ERROR_NONE;
}

/* path: "ID/NAME". The name only tells whether the preview is meant. */
static void serve_file(struct media *media, const char *path)
{
	char id[UUID_LENGTH + 1];
	struct uuid uuid;
	size_t len = strcspn(path, "/");

	if (len != UUID_LENGTH || path[len] == '\0') {
		http_fail(media->http, ERROR_NOT_FOUND, NULL);
		return;
	}
	memcpy(id, path, len);
	id[len] = '\0';
	if (uuid_parse(&uuid, id))
		media_download(media, id,
			       strcmp(path + len + 1, "preview") == 0);
	else
		http_fail(media->http, ERROR_NOT_FOUND, NULL);
}

static void answer_request(struct media *media)
{
	struct http *http = media->http;
	const char *method = http_method(http);
	/* "media", or another name when the program is a CGI script. */
	const char *path = strchr(http_path(http, media->config->mount), '/');
	bool is_file = path && path[1] != '\0';
	bool gets = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;

	if (is_file ? !gets : strcmp(method, "POST") != 0) {
		http_refuse_method(http, is_file ? "GET, HEAD" : "POST",
				   is_file ? "Use GET." : "Use POST.");
	} else if (is_refused(media, !is_file)) {
		return;
	} else if (is_file) {
		serve_file(media, path + 1);
	} else {
		media_upload(media);
	}
}

static void serve_request(void *worker)
{
	struct media *media = worker;

	identity_find(&media->who, media->rules, http_param, media->http);
	answer_request(media);
	identity_free(&media->who);
}

static void begin_parent(struct worker_parent *parent)
{
	const char *directory = parent->config->media_dir;

	/* Files are for our user and group: the web server may have to read
	 * them. */
	umask(027);
	if (!store_prepare(directory)) {
		logger(LEVEL_ERROR, "start",
		       "option=media_dir why=\"no file can be written below "
		       "%s: %s\"",
		       directory, strerror(errno));
		exit(EXIT_FAILURE);
	}
	parent->own = identity_rules_create(parent->config);
	parent->shared_size = sizeof(struct shares);
}

static void end_parent(struct worker_parent *parent)
{
	identity_rules_free(parent->own);
}

static void *open_worker(const struct worker_parent *parent, struct http *http,
			 void *shared)
{
	struct media *media = xcalloc(1, sizeof(*media));

	media->shares = shared;
	media->share = shared ? shares_enter(shared) : NULL;
	media->config = parent->config;
	media->rules = parent->own;
	media->http = http;
	media->collects_last = !parent->metrics;
	media->pg = pg_create(media->config->database, "confab_media",
			      "confab-media");
	pg_require_schema(media->pg);
	http_every(http, media->config->media_collect, media_collect, media);
	return media;
}

static void close_worker(void *worker)
{
	struct media *media = worker;

	if (media->collects_last &&
	    state_take_turn(media->config->run_dir, "collect",
			    media->config->media_collect))
		media_collect(media);
	pg_free(media->pg);
	free(media);
}

static bool check_needs(const struct config *config, struct buf *why)
{
	if (!requirements_check(config, why) ||
	    !store_check(config->media_dir, why))
		return false;
	/* Under CGI every request would wait for it. */
	return getenv("GATEWAY_INTERFACE") || media_can_examine(why);
}

static int count_workers(const struct config *config)
{
	return config->media_workers;
}

static int queue_length(const struct config *config)
{
	(void)config;
	return QUEUE;
}

int main(int argc, char **argv)
{
	static const struct worker_program program = {
		.about = {
			.name = "confab-media",
			.purpose = "takes uploads and gives them out",
			.socket = "media",
			.check = check_needs,
		},
		.workers = count_workers,
		.queue = queue_length,
		.begin = begin_parent,
		.end = end_parent,
		.open = open_worker,
		.serve = serve_request,
		.close = close_worker,
	};

	return worker_main(&program, argc, argv);
}
