// SPDX-License-Identifier: Apache-2.0
#include "wire/ws_extension.h"

#include "wire/deflater.h"

#include <string.h>

enum { VALUE_LEN_MAX = 15, BITS_MIN = 8, BITS_MAX = 15 };

_Static_assert(DEFLATER_WINDOW_BITS == 14, "as WS_EXTENSION_ANSWER says");

/* A parameter; the value unquoted. */
struct parameter {
    struct str name;
    bool has_value;
    char value[VALUE_LEN_MAX + 1]; // what is longer is cut, and means nothing to us
    size_t value_len;
};

/* RFC 9110 section 5.6.2. */
static bool is_token_byte(char c)
{
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool is_digit = c >= '0' && c <= '9';
    return is_letter || is_digit || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static void skip_space(struct str *text)
{
    while (text->len > 0 && (text->at[0] == ' ' || text->at[0] == '\t')) {
        *text = (struct str){.at = text->at + 1, .len = text->len - 1};
    }
}

/* The byte, with space around it. */
static bool take_byte(struct str *text, char byte)
{
    skip_space(text);
    if (text->len == 0 || text->at[0] != byte) {
        return false;
    }
    *text = (struct str){.at = text->at + 1, .len = text->len - 1};
    skip_space(text);
    return true;
}

static struct str take_token(struct str *text)
{
    struct str token = {.at = text->at};
    while (token.len < text->len && is_token_byte(text->at[token.len])) {
        token.len++;
    }
    *text = (struct str){.at = text->at + token.len, .len = text->len - token.len};
    return token;
}

static void add_to_value(struct parameter *parameter, char c)
{
    if (parameter->value_len < VALUE_LEN_MAX) {
        parameter->value[parameter->value_len++] = c;
    }
}

/* What is quoted has to be a token too (RFC 6455 section 9.1). */
static enum err take_quoted(struct str *text, struct parameter *parameter)
{
    size_t i = 0, len = 0;
    for (; i < text->len && text->at[i] != '"'; i++) {
        i += text->at[i] == '\\';
        if (i == text->len || !is_token_byte(text->at[i])) {
            return ERR_PROTO;
        }
        add_to_value(parameter, text->at[i]);
        len++;
    }
    if (i == text->len || len == 0) {
        return ERR_PROTO;
    }
    *text = (struct str){.at = text->at + i + 1, .len = text->len - i - 1};
    return ERR_OK;
}

static enum err take_parameter(struct str *text, struct parameter *ret_parameter)
{
    struct parameter parameter = {.name = take_token(text)};
    if (parameter.name.len == 0) {
        return ERR_PROTO;
    }
    if (take_byte(text, '=')) {
        parameter.has_value = true;
        if (take_byte(text, '"')) {
            TRY(take_quoted(text, &parameter));
        } else {
            const struct str value = take_token(text);
            if (value.len == 0) {
                return ERR_PROTO;
            }
            for (size_t i = 0; i < value.len; i++) {
                add_to_value(&parameter, value.at[i]);
            }
        }
    }

    *ret_parameter = parameter;
    return ERR_OK;
}

/* 8..15 without a sign or zeros before it; 0: none of these. */
static unsigned bits_of(const struct parameter *parameter)
{
    uint64_t bits = 0;
    const struct str value = {.at = parameter->value, .len = parameter->value_len};
    const bool is_number =
        value.len > 0 && value.at[0] != '0' && str_to_u64(value, BITS_MAX, &bits);
    return is_number && bits >= BITS_MIN ? (unsigned)bits : 0;
}

/* What the offer asks of us, a bit a name so that none comes twice. */
enum { CLIENT_TAKEOVER = 1, CLIENT_BITS = 2, SERVER_BITS = 4 };

static bool can_have(const struct parameter *parameter, unsigned *seen)
{
    unsigned bit = 0;
    bool is_well = false;
    if (str_eq(parameter->name, STR("client_no_context_takeover"))) {
        bit = CLIENT_TAKEOVER;
        is_well = !parameter->has_value;
    } else if (str_eq(parameter->name, STR("client_max_window_bits"))) {
        bit = CLIENT_BITS;
        is_well = !parameter->has_value || bits_of(parameter) > 0;
    } else if (str_eq(parameter->name, STR("server_max_window_bits"))) {
        bit = SERVER_BITS;
        is_well = bits_of(parameter) >= DEFLATER_WINDOW_BITS;
    }
    is_well = is_well && (*seen & bit) == 0;
    *seen |= bit;
    return is_well;
}

static enum err take_offer(struct str *text, bool *ret_deflates)
{
    unsigned seen = 0;
    const struct str name = take_token(text);
    bool can = str_eq(name, STR("permessage-deflate"));
    if (name.len == 0) {
        return ERR_PROTO;
    }
    while (take_byte(text, ';')) {
        struct parameter parameter;
        TRY(take_parameter(text, &parameter));
        can = can_have(&parameter, &seen) && can;
    }

    *ret_deflates = can;
    return ERR_OK;
}

enum err ws_extension_choose(struct str value, bool *ret_deflates)
{
    bool deflates = false;
    skip_space(&value);
    do {
        bool can = false;
        TRY(take_offer(&value, &can));
        deflates = deflates || can;
    } while (take_byte(&value, ','));
    if (value.len > 0) {
        return ERR_PROTO;
    }

    *ret_deflates = deflates;
    return ERR_OK;
}
