/* provider_token: credentials that confab issues: the token of a log-in, and
 * the ticket for a stream. Called by identity; stateless. */
#include <string.h>

#include "auth/provider.h"
#include "auth/query.h"

enum {
	TOKEN_LENGTH = 43, /* base64url of 32 bytes */
};

/* Whether the whole text is a token of ours. */
static bool is_token(const char *text)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz"
				       "0123456789-_";

	return strspn(text, alphabet) == TOKEN_LENGTH &&
	       text[TOKEN_LENGTH] == '\0';
}

bool provider_token(struct identity *out, const struct identity_rules *rules,
		    const char *text)
{
	(void)rules;
	if (!is_token(text))
		return false;
	secret_hash(text, out->token_hash);
	return true;
}

bool provider_ticket(struct identity *out, const struct identity_rules *rules,
		     const char *text)
{
	(void)rules;
	if (!is_token(text))
		return false;
	identity_ticket_hash(text, out->token_hash);
	return true;
}

void provider_hash_apart(const char *word, const char *text,
			 unsigned char out[SECRET_HASH_SIZE])
{
	struct buf both = { 0 };

	buf_addf(&both, "%s %s", word, text);
	secret_hash(buf_text(&both), out);
	buf_free(&both);
}

const char *identity_device_name(identity_param *param, void *request)
{
	return origin_is_https(param, request) ? "__Host-confab-device"
					       : "confab-device";
}

bool identity_device(unsigned char out[SECRET_HASH_SIZE], identity_param *param,
		     void *request)
{
	char token[TOKEN_LENGTH + 1];

	if (!query_cookie(param(request, "HTTP_COOKIE"),
			  identity_device_name(param, request), token,
			  sizeof(token)) ||
	    !is_token(token))
		return false;
	identity_device_hash(token, out);
	return true;
}

void identity_device_hash(const char *token,
			  unsigned char out[SECRET_HASH_SIZE])
{
	provider_hash_apart("device", token, out);
}

void identity_ticket_hash(const char *ticket,
			  unsigned char out[SECRET_HASH_SIZE])
{
	provider_hash_apart("ticket", ticket, out);
}
