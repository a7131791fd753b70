/* filetype: the protocol's types of files. */
#include "filetype.h"

#include <string.h>
#include <strings.h>

/* The protocol's name of a type that libmagic calls otherwise. */
static const char *protocol_name(const char *type)
{
	static const char *const names[][2] = {
		{ "audio/x-wav", "audio/wav" },
		{ "audio/vnd.wave", "audio/wav" },
		{ "audio/x-m4a", "audio/mp4" },
		{ "audio/x-mp4a-latm", "audio/mp4" },
		{ "audio/x-hx-aac-adts", "audio/aac" },
		{ "audio/x-hx-aac-adif", "audio/aac" },
		{ "audio/x-aac", "audio/aac" },
		{ "application/ogg", "audio/ogg" },
		{ "image/heif", "image/heic" },
		{ "image/x-ms-bmp", "image/bmp" },
		{ "video/x-m4v", "video/mp4" },
		{ "video/avi", "video/x-msvideo" },
		{ "application/json", "text/plain" },
		{ "application/x-ndjson", "text/plain" },
	};
	static const char *const markup[] = { "text/html", "text/xml",
					      "text/xhtml" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(type, names[i][0]) == 0)
			return names[i][1];
	if (strncmp(type, "text/", 5) != 0 || strcmp(type, "text/csv") == 0)
		return type;
	for (size_t i = 0; i < sizeof(markup) / sizeof(markup[0]); i++)
		if (strncmp(type, markup[i], strlen(markup[i])) == 0)
			return type;
	/* libmagic guesses languages; for us source code is text. */
	return "text/plain";
}

/* Chooses by extension among types of the same content. A text that begins like
 * a page stays text if its extension says so: it is only saved, as text/plain,
 * so no browser runs it. */
static const char *narrow_type(const char *type, const char *extension)
{
	static const char *const kin[][3] = {
		{ "text/plain", "csv", "text/csv" },
		{ "text/csv", "txt", "text/plain" },
		{ "text/html", "txt", "text/plain" },
		{ "text/xml", "txt", "text/plain" },
		{ "audio/ogg", "opus", "audio/opus" },
		{ "application/CDFV2", "doc", "application/msword" },
		{ "application/CDFV2", "xls", "application/vnd.ms-excel" },
		{ "application/CDFV2", "ppt", "application/vnd.ms-powerpoint" },
		{ "application/x-ole-storage", "doc", "application/msword" },
		{ "application/x-ole-storage", "xls",
		  "application/vnd.ms-excel" },
		{ "application/x-ole-storage", "ppt",
		  "application/vnd.ms-powerpoint" },
	};

	for (size_t i = 0; i < sizeof(kin) / sizeof(kin[0]); i++)
		if (strcmp(type, kin[i][0]) == 0 &&
		    strcasecmp(extension, kin[i][1]) == 0)
			return kin[i][2];
	return type;
}

const char *filetype_name(const char *type, const char *extension)
{
	return narrow_type(protocol_name(type), extension);
}

static bool has_prefix(const char *type, const char *with)
{
	return type && strncasecmp(type, with, strlen(with)) == 0;
}

const char *filetype_kind(const char *mime_type, const char *declared)
{
	if (has_prefix(mime_type, "image/"))
		return "image";
	if (has_prefix(mime_type, "video/"))
		return has_prefix(declared, "audio/") ? "audio" : "video";
	return has_prefix(mime_type, "audio/") ? "audio" : "file";
}

bool filetype_is_shown(const char *mime_type)
{
	static const char *const images[] = {
		"image/jpeg", "image/png", "image/gif",
		"image/webp", "image/bmp", "image/heic",
	};

	for (size_t i = 0; i < sizeof(images) / sizeof(images[0]); i++)
		if (strcmp(mime_type, images[i]) == 0)
			return true;
	return has_prefix(mime_type, "audio/") ||
	       has_prefix(mime_type, "video/");
}
