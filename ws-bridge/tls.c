/* tls: see tls.h. Called by direct; owns nothing. */
#include "tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <string.h>

#include "base/file.h"

enum {
	FILE_LIMIT = 1 << 20 /* bytes of a PEM file */
};

/* The names of protocols that a client offers (RFC 7301): only HTTP/1.1 is
 * spoken here. One that offers others alone is refused. */
static int choose_protocol(SSL *ssl, const unsigned char **out,
			   unsigned char *len, const unsigned char *offered,
			   unsigned offered_len, void *context)
{
	static const unsigned char ours[] = "\x08http/1.1";

	(void)ssl;
	(void)context;
	if (SSL_select_next_proto((unsigned char **)(void *)out, len, ours,
				  sizeof(ours) - 1, offered,
				  offered_len) == OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_OK;
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* Appends OpenSSL's reason, which may be none. */
static void add_reason(struct buf *why, const char *path, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	buf_addf(why, "%s: %s%s%s", path, what, reason ? ": " : "",
		 reason ? reason : "");
	ERR_clear_error();
}

static bool use_certificates(SSL_CTX *tls, BIO *pem)
{
	X509 *one = PEM_read_bio_X509_AUX(pem, NULL, NULL, NULL);
	bool ok = one && SSL_CTX_use_certificate(tls, one) == 1;

	X509_free(one);
	while (ok && (one = PEM_read_bio_X509(pem, NULL, NULL, NULL))) {
		ok = SSL_CTX_add1_chain_cert(tls, one) == 1;
		X509_free(one);
	}
	if (ok)
		ERR_clear_error(); /* the end of the file was reached */
	return ok;
}

static bool load_certificate(SSL_CTX *tls, const char *path, struct buf *why)
{
	struct buf pem = { 0 }, reason = { 0 };
	BIO *bio;
	bool ok;

	if (!file_read(&pem, path, FILE_LIMIT, &reason)) {
		buf_addf(why, "%s: %s", path, buf_text(&reason));
		buf_free(&reason);
		return false;
	}
	bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	ok = bio && use_certificates(tls, bio);
	if (!ok)
		add_reason(why, path, "no certificate in PEM");
	BIO_free(bio);
	buf_free(&pem);
	return ok;
}

static bool load_key(SSL_CTX *tls, const char *path, struct buf *why)
{
	struct buf pem = { 0 }, reason = { 0 };
	char passphrase[] = ""; /* so that nobody is asked for one */
	EVP_PKEY *key;
	BIO *bio;
	bool ok;

	if (!file_read(&pem, path, FILE_LIMIT, &reason)) {
		buf_addf(why, "%s: %s", path, buf_text(&reason));
		buf_free(&reason);
		return false;
	}
	bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, passphrase) : NULL;
	ok = key && SSL_CTX_use_PrivateKey(tls, key) == 1 &&
	     SSL_CTX_check_private_key(tls) == 1;
	if (!ok)
		add_reason(why, path, "no key of that certificate in PEM");
	EVP_PKEY_free(key);
	BIO_free(bio);
	OPENSSL_cleanse(pem.data, pem.len);
	buf_free(&pem);
	return ok;
}

SSL_CTX *tls_load(const char *certificate, const char *key, struct buf *why)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

	if (!tls) {
		add_reason(why, "TLS", "not available");
		return NULL;
	}
	SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
	SSL_CTX_set_options(tls,
			    SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
	/* Bytes that were not taken are moved before they are sent again. An
	 * idle connection keeps no buffers. */
	SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_alpn_select_cb(tls, choose_protocol, NULL);
	if (load_certificate(tls, certificate, why) && load_key(tls, key, why))
		return tls;
	SSL_CTX_free(tls);
	return NULL;
}

void tls_free(SSL_CTX *tls)
{
	SSL_CTX_free(tls);
}
