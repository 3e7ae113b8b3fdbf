// SPDX-License-Identifier: Apache-2.0
#include "serve/forwarded.h"

#include "serve/front.h"

/* The part behind the last comma; `*list` loses it. */
static struct str cut_last(struct str *list)
{
    size_t at = list->len;
    while (at > 0 && list->at[at - 1] != ',') {
        at--;
    }
    const struct str last = {.at = list->at + at, .len = list->len - at};
    list->len = at == 0 ? 0 : at - 1;
    return str_trim(last);
}

/* Some proxies write the port behind it, too. */
static enum err read_said(struct str word, struct address *ret_said)
{
    if (address_parse_ip(word, ret_said) == ERR_OK) {
        return ERR_OK;
    }
    TRY(str_has_prefix(word, STR(":")) ? ERR_PROTO : address_parse(word, ret_said));
    ret_said->port = 0;
    return ERR_OK;
}

/* Walks one field's list from the right; false: the walk ends here. */
static bool walk(struct server *server, struct request *request, struct str list)
{
    while (list.len > 0 && request->client_is_trusted) {
        struct address said;
        if (read_said(cut_last(&list), &said) != ERR_OK) {
            request->client_is_trusted = false; // it hides somebody, who must not be free of limits
            return false;
        }
        request->client = said;
        request->client_is_trusted = front_trusts(server, &said);
    }
    return request->client_is_trusted;
}

void forwarded_resolve(struct server *server, struct request *request)
{
    request->client = request->peer;
    request->client_is_trusted = front_trusts(server, &request->peer);
    for (uint32_t i = request->field_count; i > 0 && request->client_is_trusted; i--) {
        const struct field *field = &request->fields[i - 1];
        if (str_eq_nocase(field->name, STR("x-forwarded-for")) &&
            !walk(server, request, field->value)) {
            return;
        }
    }
}
