/* confab-jwks: keeps the keys with which tokens are checked as a JSON Web Key
 * Set has them. "confab jwks" runs it, from a timer or by hand; never for a
 * request. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/command_line.h"
#include "base/config.h"
#include "base/crypto.h"
#include "base/xalloc.h"
#include "jwks.h"

enum {
	DEPTH = 8,     /* of the JSON; a set needs 4 */
	VALUES = 4096, /* of it */
};

static void print_help(const struct command_line *line)
{
	(void)line;
	fputs("confab-jwks: keeps the keys of tokens as a JSON Web Key Set has "
	      "them\n\n"
	      "usage: confab-jwks [-c FILE] [-u URL | -f FILE] [-i ISSUER] "
	      "[-n]\n"
	      "  -c FILE    configuration; jwt_keys names the list that is "
	      "kept\n"
	      "  -u URL     the set's address (jwks_url); redirects are not "
	      "followed\n"
	      "  -f FILE    the set is this file, \"-\" for standard input\n"
	      "  -i ISSUER  tokens with these keys must have this iss\n"
	      "  -n         say what would change, and change nothing\n",
	      stdout);
}

static _Noreturn void die(const char *what, struct buf *why)
{
	fprintf(stderr, "confab-jwks: %s: %s\n", what, buf_text(why));
	exit(EXIT_FAILURE);
}

/* What the command line asks for. */
struct order {
	const char *conf, *url, *file;
	struct jwks_source source;
};

static void read_command_line(struct order *order, int argc, char **argv)
{
	const struct command_line line = { .name = "confab-jwks",
					   .letters = "+:c:u:f:i:n",
					   .help = print_help,
					   .argc = argc,
					   .argv = argv };
	int c;

	while ((c = command_line_option(&line)) != -1) {
		if (c == 'c')
			order->conf = optarg;
		else if (c == 'u')
			order->url = optarg;
		else if (c == 'f')
			order->file = optarg;
		else if (c == 'i')
			order->source.issuer = optarg;
		else
			order->source.is_trial = true;
	}
	command_line_end(&line);
	if (order->url && order->file)
		command_line_refuse("confab-jwks", "-u or -f, not both");
	if (order->source.issuer && (!*order->source.issuer ||
				     strpbrk(order->source.issuer, " \t\r\n")))
		command_line_refuse("confab-jwks",
				    "-i: an issuer without spaces");
}

static void read_order(struct order *order, struct config *config)
{
	struct buf why = { 0 };

	if (!config_load(config, order->conf, &why)) {
		fprintf(stderr, "confab-jwks: %s\n", buf_text(&why));
		exit(EXIT_USAGE);
	}
	if (!order->url && !order->file && *config->jwks_url)
		order->url = config->jwks_url;
	if (!order->url && !order->file)
		command_line_refuse("confab-jwks",
				    "where is the set? -u URL, or jwks_url in "
				    "%s",
				    order->conf);
	if (!*config->jwt_keys)
		command_line_refuse("confab-jwks",
				    "which list? jwt_keys is not set in %s",
				    order->conf);
	order->source.list = config->jwt_keys;
	order->source.name = order->url ? order->url : order->file;
}

static void fetch(const struct order *order, struct buf *text)
{
	struct buf why = { 0 };

	if (order->url ? !fetch_address(text, order->url, &why)
		       : !fetch_file(text, order->file, &why))
		die(order->source.name, &why);
}

static bool is_known(const struct jwks_key *keys, size_t count, const char *kid)
{
	while (count)
		if (!strcmp(keys[--count].kid, kid))
			return true;
	return false;
}

/* Reads the usable keys of the set. Says which are not, and why. */
static size_t read_keys(const struct order *order, const struct buf *text,
			struct jwks_key keys[JWKS_KEYS])
{
	struct buf why = { 0 };
	const char *wrong = NULL;
	struct json *set = json_parse_bounded(text->len ? text->data : "",
					      text->len, DEPTH, VALUES, &wrong);
	const struct json *list = json_get(set, "keys");
	size_t count = 0;

	if (json_kind(list) != JSON_ARRAY)
		buf_add_text(&why, wrong ? wrong : "there are no \"keys\"");
	else if (json_length(list) > JWKS_KEYS)
		buf_addf(&why, "there are more than %d keys", JWKS_KEYS);
	if (why.len)
		die(order->source.name, &why);
	for (size_t i = 0; i < json_length(list); i++) {
		why.len = 0;
		if (!key_read(&keys[count], json_at(list, i), &why)) {
			fprintf(stderr, "key %zu is left out: %s\n", i + 1,
				buf_text(&why));
		} else if (is_known(keys, count, keys[count].kid)) {
			buf_addf(&why, "there are two keys \"%s\"",
				 keys[count].kid);
			die(order->source.name, &why);
		} else {
			count++;
		}
	}
	buf_free(&why);
	json_free(set);
	return count;
}

int main(int argc, char **argv)
{
	struct order order = { .conf = config_default_path() };
	struct jwks_key keys[JWKS_KEYS];
	struct config config;
	struct buf text = { 0 }, why = { 0 };
	bool changed;
	size_t count;

	read_command_line(&order, argc, argv);
	read_order(&order, &config);
	secret_init();
	fetch(&order, &text);
	count = read_keys(&order, &text, keys);
	if (!count) {
		buf_add_text(&why, "no key of it can be used; the list stays");
		die(order.source.name, &why);
	}
	if (!list_replace(&order.source, keys, count, &changed, &why))
		die("nothing is changed", &why);
	printf("%s: %zu key%s, %s\n", order.source.list, count,
	       count == 1 ? "" : "s",
	       !changed                ? "as before"
	       : order.source.is_trial ? "would be written"
				       : "written");
	while (count)
		key_free(&keys[--count]);
	buf_free(&text);
	config_free(&config);
	return 0;
}
