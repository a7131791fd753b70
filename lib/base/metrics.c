/* metrics: see metrics.h. Called by all programs; owns the page.
 *
 * A program and its workers hold a lock (flock) on their page. A reader that
 * gets the lock knows that the program is gone, and removes the page. Numbers
 * are read and written without locks: each is one word. */
#include "base/metrics.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"

enum {
	ROOM = 256, /* metrics in a page */
	PATH = 512,
	MAGIC = 0x636f6e31,
};

struct page {
	uint32_t magic;
	_Atomic uint32_t count;
	char program[24];
	struct metric metrics[ROOM];
	struct metric spill;
};

struct metrics {
	int fd; /* -1: private memory */
	char path[PATH];
	struct page *page;
};

static const struct family {
	const char *name, *type, *help;
	double unit; /* the value that 1 in the page stands for */
	bool most;   /* several runs give the greatest, not the sum */
} FAMILIES[] = {
	{ "up", "gauge", "Runs of the program that are alive", 1, false },
	{ "workers", "gauge", "Processes that do requests", 1, false },
	{ "responses_total", "counter", "Responses by class of status", 1,
	  false },
	{ "queue_refused_total", "counter",
	  "Requests refused because too many waited for a worker", 1, false },
	{ "abandoned_total", "counter",
	  "Log-ins that were dropped because their client had gone", 1, false },
	{ "commands_total", "counter", "Commands by class and result", 1,
	  false },
	{ "command_seconds", "histogram", "Time that commands took", 1e-6,
	  false },
	{ "rate_limited_total", "counter",
	  "Commands refused because there were too many, by whose limit", 1,
	  false },
	{ "doorbell_rung_total", "counter", "Rings of the doorbell", 1, false },
	{ "doorbell_skipped_total", "counter",
	  "Commands that did not ring because another just had", 1, false },
	{ "database_connects_total", "counter",
	  "Connections made to the database", 1, false },
	{ "ready", "gauge", "Whether streams can be opened", 1, true },
	{ "streams", "gauge", "Open streams by transport", 1, false },
	{ "streams_opened_total", "counter", "Streams opened", 1, false },
	{ "streams_refused_total", "counter", "Streams refused", 1, false },
	{ "streams_slow_total", "counter", "Streams ended as too slow", 1,
	  false },
	{ "streams_limited_total", "counter",
	  "Streams refused because the process or the account has too many", 1,
	  false },
	{ "queue_bytes", "gauge", "Bytes that wait for streams", 1, false },
	{ "replaying", "gauge", "Streams that catch up", 1, false },
	{ "dispatches_total", "counter", "Dispatches read from the log", 1,
	  false },
	{ "deliveries_total", "counter", "Dispatches queued for a stream", 1,
	  false },
	{ "replay_pages_total", "counter",
	  "Pages read for streams that were behind", 1, false },
	{ "signals_dropped_total", "counter",
	  "What came as a signal and was none", 1, false },
	{ "questions_waiting", "gauge",
	  "Commands of WebSockets that wait for confab-command", 1, false },
	{ "questions_refused_total", "counter",
	  "Commands of WebSockets refused because too many waited", 1, false },
	{ "tail_position", "gauge", "Number up to which the log was read", 1,
	  true },
	{ "tail_lag", "gauge", "Numbers of the log not read yet", 1, true },
	{ "tail_lag_seconds", "gauge",
	  "Age of the oldest dispatch not read yet", 1e-3, true },
	{ "tail_rows_total", "counter", "Rows of the log", 1, false },
	{ "tail_reads_total", "counter", "Reads of the log", 1, false },
	{ "tail_rings_total", "counter", "Rings of the doorbell heard", 1,
	  false },
	{ "tail_holes_total", "counter",
	  "Reads that met a hole in the numbering", 1, false },
	{ "tail_fences_total", "counter", "Fences raised because of it", 1,
	  false },
	{ "tail_fence_seconds", "gauge",
	  "How long delivery has waited for one transaction", 1e-3, true },
};

enum {
	N_FAMILIES = sizeof(FAMILIES) / sizeof(FAMILIES[0])
};

/* Makes the file under a name that readers ignore until it is locked. */
static bool make_file(struct metrics *m, const char *run_dir,
		      const char *program)
{
	char making[PATH];

	snprintf(m->path, PATH, "%s/metrics", run_dir);
	mkdir(m->path, 0750);
	snprintf(making, PATH, "%s/metrics/.%s.%d", run_dir, program,
		 (int)getpid());
	snprintf(m->path, PATH, "%s/metrics/%s.%d", run_dir, program,
		 (int)getpid());
	unlink(making);
	m->fd = open(making, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (m->fd < 0)
		return false;
	if (ftruncate(m->fd, sizeof(struct page)) == 0 &&
	    flock(m->fd, LOCK_SH | LOCK_NB) == 0 &&
	    rename(making, m->path) == 0)
		return true;
	unlink(making);
	close(m->fd);
	m->fd = -1;
	return false;
}

struct metrics *metrics_open(const char *run_dir, const char *program)
{
	struct metrics *m = xcalloc(1, sizeof(*m));
	bool shown;

	m->fd = -1;
	shown = make_file(m, run_dir, program);
	m->page =
		mmap(NULL, sizeof(*m->page), PROT_READ | PROT_WRITE,
		     shown ? MAP_SHARED : MAP_SHARED | MAP_ANONYMOUS, m->fd, 0);
	if (m->page == MAP_FAILED)
		m->page = xcalloc(1, sizeof(*m->page));
	snprintf(m->page->program, sizeof(m->page->program), "%s", program);
	m->page->magic = MAGIC;
	metric_set(metrics_add(m, "up", "%s", ""), 1);
	return m;
}

void metrics_close(struct metrics *m)
{
	if (!m)
		return;
	if (m->fd >= 0) {
		unlink(m->path);
		close(m->fd);
	}
	munmap(m->page, sizeof(*m->page));
	free(m);
}

struct metric *metrics_add(struct metrics *m, const char *name,
			   const char *labels_format, ...)
{
	struct metric made = { .labels = "" }, *metric;
	uint32_t count = atomic_load(&m->page->count);
	va_list ap;

	snprintf(made.name, sizeof(made.name), "%s", name);
	va_start(ap, labels_format);
	vsnprintf(made.labels, sizeof(made.labels), labels_format, ap);
	va_end(ap);
	for (uint32_t i = 0; i < count; i++) {
		metric = &m->page->metrics[i];
		if (!strcmp(metric->name, made.name) &&
		    !strcmp(metric->labels, made.labels))
			return metric;
	}
	if (count == ROOM)
		return &m->page->spill;
	metric = &m->page->metrics[count];
	memcpy(metric->name, made.name, sizeof(made.name));
	memcpy(metric->labels, made.labels, sizeof(made.labels));
	atomic_store(&m->page->count, count + 1);
	return metric;
}

void metric_count(struct metric *metric, uint64_t by)
{
	atomic_fetch_add_explicit(&metric->value, by, memory_order_relaxed);
}

void metric_set(struct metric *metric, uint64_t value)
{
	atomic_store_explicit(&metric->value, value, memory_order_relaxed);
}

/* One line of the scrape. */
struct sample {
	size_t family;
	char program[24];
	struct metric metric;
};

struct samples {
	struct sample *all;
	size_t count;
};

/* The index of the family: "command_seconds_sum" is in "command_seconds". */
static size_t family_of(const char *name)
{
	for (size_t i = 0; i < N_FAMILIES; i++) {
		size_t len = strlen(FAMILIES[i].name);

		if (!strcmp(name, FAMILIES[i].name) ||
		    (*FAMILIES[i].type == 'h' &&
		     !strncmp(name, FAMILIES[i].name, len) && name[len] == '_'))
			return i;
	}
	return N_FAMILIES;
}

static bool is_same(const struct sample *a, const struct sample *b)
{
	return !strcmp(a->program, b->program) &&
	       !strcmp(a->metric.name, b->metric.name) &&
	       !strcmp(a->metric.labels, b->metric.labels);
}

/* Adds the same metric of another run of the program. */
static void merge_sample(struct sample *into, const struct sample *other)
{
	uint64_t a = into->metric.value, b = other->metric.value;
	bool most = into->family < N_FAMILIES && FAMILIES[into->family].most;

	into->metric.value = !most ? a + b : a > b ? a : b;
}

static void add_sample(struct samples *samples, const struct page *page,
		       const struct metric *metric)
{
	struct sample made = { .family = family_of(metric->name),
			       .metric = *metric };

	made.metric.name[sizeof(made.metric.name) - 1] = '\0';
	made.metric.labels[sizeof(made.metric.labels) - 1] = '\0';
	snprintf(made.program, sizeof(made.program), "%.*s",
		 (int)sizeof(made.program) - 1, page->program);
	for (size_t i = 0; i < samples->count; i++)
		if (is_same(&samples->all[i], &made)) {
			merge_sample(&samples->all[i], &made);
			return;
		}
	samples->all = xrealloc(samples->all,
				(samples->count + 1) * sizeof(*samples->all));
	samples->all[samples->count++] = made;
}

/* Reads a page, or removes it if its program is gone. */
static void read_page(struct samples *samples, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct page *page;
	struct stat status;

	if (fd < 0)
		return;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		unlink(path);
		close(fd);
		return;
	}
	if (fstat(fd, &status) == 0 &&
	    status.st_size == (off_t)sizeof(struct page)) {
		page = mmap(NULL, sizeof(*page), PROT_READ, MAP_SHARED, fd, 0);
		if (page != MAP_FAILED) {
			uint32_t count = atomic_load(&page->count);

			for (uint32_t i = 0;
			     page->magic == MAGIC && i < count && i < ROOM; i++)
				add_sample(samples, page, &page->metrics[i]);
			munmap(page, sizeof(*page));
		}
	}
	close(fd);
}

static void read_pages(struct samples *samples, const char *run_dir)
{
	char path[PATH];
	struct dirent *entry;
	DIR *directory;

	snprintf(path, sizeof(path), "%s/metrics", run_dir);
	directory = opendir(path);
	if (!directory)
		return;
	while ((entry = readdir(directory)))
		if (entry->d_name[0] != '.' &&
		    snprintf(path, sizeof(path), "%s/metrics/%s", run_dir,
			     entry->d_name) < PATH)
			read_page(samples, path);
	closedir(directory);
}

static void print_sample(struct buf *out, const struct sample *s)
{
	const struct family *family = &FAMILIES[s->family];
	size_t len = strlen(s->metric.name);
	bool counts = len > 6 && (!strcmp(s->metric.name + len - 6, "_count") ||
				  !strcmp(s->metric.name + len - 7, "_bucket"));
	uint64_t value = s->metric.value;

	buf_addf(out, "confab_%s{program=\"%s\"%s%s} ", s->metric.name,
		 s->program, *s->metric.labels ? "," : "", s->metric.labels);
	if (counts || family->unit == 1)
		buf_addf(out, "%llu\n", (unsigned long long)value);
	else
		buf_addf(out, "%.6f\n", (double)value * family->unit);
}

void metrics_print(struct buf *out, const char *run_dir)
{
	struct samples samples = { 0 };

	read_pages(&samples, run_dir);
	/* The format wants the samples of a family together. */
	for (size_t f = 0; f < N_FAMILIES; f++) {
		bool named = false;

		for (size_t i = 0; i < samples.count; i++) {
			if (samples.all[i].family != f)
				continue;
			if (!named)
				buf_addf(out,
					 "# HELP confab_%s %s\n"
					 "# TYPE confab_%s %s\n",
					 FAMILIES[f].name, FAMILIES[f].help,
					 FAMILIES[f].name, FAMILIES[f].type);
			named = true;
			print_sample(out, &samples.all[i]);
		}
	}
	free(samples.all);
}
