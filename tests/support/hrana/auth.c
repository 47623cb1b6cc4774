#include "hrana/auth.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "hrana/text.h"

#define LEEWAY_S 60

bool auth_load_key(struct server *server, const char *file)
{
    FILE *in = fopen(file, "r");

    if (in) {
        server->jwt_key = PEM_read_PUBKEY(in, NULL, NULL, NULL);
        (void)fclose(in);
    }
    return server->jwt_key;
}

void auth_free_key(struct server *server)
{
    EVP_PKEY_free(server->jwt_key);
    server->jwt_key = NULL;
}

static bool unauthorized(struct failure *failure, const char *why)
{
    return fail_http(failure, 401, "Unauthorized: `%s`", why);
}

static bool signature_is_good(struct server *server, const char *token, size_t size, const char *signature)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char *bytes;
    size_t n = 0;
    bool good;

    bytes = base64_decode(signature, strlen(signature), true, &n);
    good = context && bytes && EVP_DigestVerifyInit(context, NULL, NULL, NULL, server->jwt_key) == 1 &&
           EVP_DigestVerify(context, bytes, n, (const unsigned char *)token, size) == 1;
    EVP_MD_CTX_free(context);
    free(bytes);
    return good;
}

static json_t *decode_part(const char *part, size_t size)
{
    unsigned char *bytes;
    json_t *json = NULL;
    size_t n;

    bytes = base64_decode(part, size, true, &n);
    if (bytes)
        json = json_loadb((const char *)bytes, n, 0, NULL);
    free(bytes);
    return json;
}

static bool check_claims(const json_t *claims, struct access *access, struct failure *failure)
{
    const json_t *expires = json_object_get(claims, "exp");
    const char *permission = json_string_value(json_object_get(claims, "a"));

    if (!json_is_object(claims))
        return unauthorized(failure, "The JWT is invalid");
    if (json_is_integer(expires) && json_integer_value(expires) < (json_int_t)time(NULL) - LEEWAY_S)
        return unauthorized(failure, "The JWT has expired");
    access->may_write = !permission || strcmp(permission, "ro") != 0;
    return true;
}

static bool check_token(struct server *server, const char *token, struct access *access, struct failure *failure)
{
    const char *first = strchr(token, '.'), *second = first ? strchr(first + 1, '.') : NULL;
    json_t *header, *claims;
    const char *algorithm;
    bool valid;

    if (!second)
        return unauthorized(failure, "The JWT is invalid");
    header = decode_part(token, (size_t)(first - token));
    claims = decode_part(first + 1, (size_t)(second - first - 1));
    algorithm = json_string_value(json_object_get(header, "alg"));
    if (!algorithm || strcmp(algorithm, "EdDSA") != 0 ||
        !signature_is_good(server, token, (size_t)(second - token), second + 1))
        valid = unauthorized(failure, "The JWT is invalid");
    else
        valid = check_claims(claims, access, failure);
    json_decref(header);
    json_decref(claims);
    return valid;
}

bool auth_check(struct server *server, const char *header, struct access *access, struct failure *failure)
{
    const char *space = header ? strchr(header, ' ') : NULL;

    *access = (struct access){.may_write = true};
    if (!server->jwt_key)
        return true;
    if (!header)
        return unauthorized(failure, "Expected authorization header but none given");
    if (!space)
        return unauthorized(failure, "Auth string does not conform to '<scheme> <token>' form");
    if (space - header != 6 || strncasecmp(header, "bearer", 6) != 0)
        return unauthorized(failure, "The authentication scheme in the `Authorization` HTTP header is not supported");
    return check_token(server, space + 1, access, failure);
}
