/* command_client: a FastCGI client as a state machine on the loop. Owns the
 * questions. A question is forgotten by its asker, never withdrawn: the program
 * would not notice. */
#include "command_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/container.h"
#include "base/xalloc.h"
#include "web/fastcgi.h"
#include "web/overflow.h"

enum {
	ANSWER_LIMIT = 16 << 20, /* bytes */
	CONNECT_AGAIN = 10,      /* ms, when the program's backlog is full */
};

enum question_state {
	QUESTION_WAITING, /* in line */
	QUESTION_ASKING,  /* connected: sending and receiving */
};

struct question {
	TAILQ_ENTRY(question) link;
	struct asker *asker;
	enum question_state state;
	struct watch watch;
	struct timer timer; /* the limit */
	struct buf request; /* what is left to be sent */
	struct buf in;      /* records */
	struct buf answer;  /* STDOUT */
	bool sent;
	asker_done *done; /* NULL: forgotten */
	void *context;
};

TAILQ_HEAD(question_list, question);

struct asker {
	struct loop *loop;
	struct sockaddr_un address;
	unsigned most, asking;
	unsigned most_waiting, in_line;
	int64_t timeout;
	struct metric *waits, *refused;
	struct question_list waiting;
	struct timer again;
};

static void start_next(struct asker *asker);

/* Where the body starts: behind the empty line of the response's head. */
static const char *body_of(const struct buf *answer, size_t *len)
{
	const char *p =
		answer->len ? memmem(answer->data, answer->len, "\r\n\r\n", 4)
			    : NULL;

	if (!p)
		return NULL;
	p += 4;
	*len = answer->len - (size_t)(p - answer->data);
	return p;
}

/* Whether the program sent us away without looking. */
static bool is_refusal(const struct buf *answer, size_t body_len)
{
	return memmem(answer->data, answer->len - body_len, OVERFLOW_REFUSAL,
		      strlen(OVERFLOW_REFUSAL)) != NULL;
}

static void leave_line(struct question *q)
{
	struct asker *asker = q->asker;

	TAILQ_REMOVE(&asker->waiting, q, link);
	metric_set(asker->waits, --asker->in_line);
}

static void finish(struct question *q, bool complete)
{
	struct asker *asker = q->asker;
	size_t len = 0;
	const char *body = complete ? body_of(&q->answer, &len) : NULL;
	bool refused = body && is_refusal(&q->answer, len);

	if (q->state == QUESTION_WAITING) {
		leave_line(q);
	} else {
		asker->asking--;
		loop_unwatch(asker->loop, &q->watch);
		close(q->watch.fd);
	}
	loop_disarm(asker->loop, &q->timer);
	if (q->done)
		q->done(q->context, refused ? NULL : body, len,
			q->sent && !refused);
	buf_free(&q->request);
	buf_free(&q->in);
	buf_free(&q->answer);
	free(q);
	start_next(asker);
}

enum outcome {
	OUTCOME_MORE,
	OUTCOME_COMPLETE,
	OUTCOME_BROKEN
};

static enum outcome take_records(struct question *q)
{
	struct fastcgi_record record;
	enum fastcgi_progress progress;
	enum outcome outcome = OUTCOME_MORE;
	size_t used = 0;

	while (outcome == OUTCOME_MORE &&
	       (progress = fastcgi_read(&record, q->in.data + used,
					q->in.len - used)) != FASTCGI_MORE) {
		if (progress == FASTCGI_MALFORMED ||
		    q->answer.len > ANSWER_LIMIT)
			return OUTCOME_BROKEN;
		if (record.type == FASTCGI_STDOUT)
			buf_add(&q->answer, record.content, record.len);
		if (record.type == FASTCGI_END)
			outcome = OUTCOME_COMPLETE;
		used += record.size;
	}
	buf_consume(&q->in, used);
	return outcome;
}

static enum outcome receive(struct question *q)
{
	char bytes[16384];
	ssize_t n;

	while ((n = read(q->watch.fd, bytes, sizeof(bytes))) > 0) {
		enum outcome outcome;

		buf_add(&q->in, bytes, (size_t)n);
		outcome = take_records(q);
		if (outcome != OUTCOME_MORE)
			return outcome;
	}
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? OUTCOME_MORE
							    : OUTCOME_BROKEN;
}

static bool send_some(struct question *q)
{
	ssize_t n = send(q->watch.fd, q->request.data, q->request.len,
			 MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	q->sent = true;
	buf_consume(&q->request, (size_t)n);
	if (!q->request.len)
		loop_watch(q->asker->loop, &q->watch, q->watch.fd, EPOLLIN);
	return true;
}

static void ready(struct watch *watch, uint32_t events)
{
	struct question *q = container_of(watch, struct question, watch);
	enum outcome outcome = OUTCOME_MORE;

	if (events & ~(uint32_t)EPOLLOUT)
		outcome = receive(q);
	if (outcome == OUTCOME_MORE && q->request.len && !send_some(q))
		outcome = OUTCOME_BROKEN;
	if (outcome != OUTCOME_MORE)
		finish(q, outcome == OUTCOME_COMPLETE);
}

static void too_late(struct timer *timer)
{
	finish(container_of(timer, struct question, timer), false);
}

enum connected {
	CONNECTED,
	CONNECT_LATER,
	CONNECT_FAILED
};

static enum connected try_connect(struct question *q)
{
	struct asker *asker = q->asker;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0)
		return CONNECT_LATER;
	if (connect(fd, (const struct sockaddr *)&asker->address,
		    sizeof(asker->address)) == 0) {
		loop_watch(asker->loop, &q->watch, fd, EPOLLIN | EPOLLOUT);
		return CONNECTED;
	}
	error = errno;
	close(fd);
	return error == EAGAIN ? CONNECT_LATER : CONNECT_FAILED;
}

static void start_next(struct asker *asker)
{
	struct question *q;

	while (asker->asking < asker->most &&
	       (q = TAILQ_FIRST(&asker->waiting))) {
		enum connected connected = try_connect(q);

		if (connected == CONNECT_LATER) {
			loop_arm(asker->loop, &asker->again, CONNECT_AGAIN);
			return;
		}
		if (connected == CONNECT_FAILED) {
			finish(q, false); /* which starts the next */
			return;
		}
		leave_line(q);
		q->state = QUESTION_ASKING;
		asker->asking++;
	}
}

static void again_fired(struct timer *timer)
{
	start_next(container_of(timer, struct asker, again));
}

struct asker *asker_create(struct loop *loop, const char *path, unsigned most,
			   unsigned most_waiting, int64_t timeout,
			   struct metrics *metrics)
{
	struct asker *asker = xcalloc(1, sizeof(*asker));

	asker->loop = loop;
	asker->most = most;
	asker->most_waiting = most_waiting;
	asker->timeout = timeout;
	asker->waits = metrics_add(metrics, "questions_waiting", "%s", "");
	asker->refused =
		metrics_add(metrics, "questions_refused_total", "%s", "");
	asker->again.fire = again_fired;
	asker->address.sun_family = AF_UNIX;
	strncpy(asker->address.sun_path, path,
		sizeof(asker->address.sun_path) - 1);
	TAILQ_INIT(&asker->waiting);
	return asker;
}

void asker_free(struct asker *asker)
{
	if (!asker)
		return;
	loop_disarm(asker->loop, &asker->again);
	free(asker);
}

static void write_request(struct buf *out, const struct asker_request *r)
{
	struct buf params = { 0 }, text = { 0 };

	fastcgi_begin(out, 1);
	fastcgi_pair(&params, "REQUEST_METHOD", "POST");
	fastcgi_pair(&params, "CONTENT_TYPE", "application/json");
	fastcgi_pair(&params, "CONFAB_VIA", "ws");
	fastcgi_pair(&params, "CONFAB_SESSION", r->session);
	fastcgi_pair(&params, "CONFAB_LOGIN", r->login);
	buf_addf(&text, "%zu", r->len);
	fastcgi_pair(&params, "CONTENT_LENGTH", buf_text(&text));
	if (r->address)
		fastcgi_pair(&params, "REMOTE_ADDR", r->address);
	fastcgi_write(out, FASTCGI_PARAMS, 1, params.data, params.len);
	fastcgi_write(out, FASTCGI_PARAMS, 1, NULL, 0);
	if (r->len)
		fastcgi_write(out, FASTCGI_STDIN, 1, r->body, r->len);
	fastcgi_write(out, FASTCGI_STDIN, 1, NULL, 0);
	buf_free(&params);
	buf_free(&text);
}

struct question *asker_ask(struct asker *asker,
			   const struct asker_request *request,
			   asker_done *done, void *context)
{
	struct question *q = xcalloc(1, sizeof(*q));
	bool crowded;

	q->asker = asker;
	q->done = done;
	q->context = context;
	q->watch.ready = ready;
	q->timer.fire = too_late;
	write_request(&q->request, request);
	TAILQ_INSERT_TAIL(&asker->waiting, q, link);
	metric_set(asker->waits, ++asker->in_line);
	/* Some of the line are asked in the next turn. */
	crowded = asker->in_line + asker->asking >
		  asker->most_waiting + asker->most;
	metric_count(asker->refused, crowded);
	/* From the loop, so that done() never comes before we return. */
	loop_arm(asker->loop, &q->timer, crowded ? 0 : asker->timeout);
	if (asker->asking < asker->most && !asker->again.place)
		loop_arm(asker->loop, &asker->again, 0);
	return q;
}

void asker_forget(struct question *question)
{
	question->done = NULL;
}
