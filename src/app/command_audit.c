// SPDX-License-Identifier: Apache-2.0
/* An export is the audit's entries as they stand in the store, byte by byte, one a line: what is
 * written otherwise no longer has its hash. */
#include "app/command.h"
#include "app/remote.h"
#include "app/terminal.h"
#include "base/mem.h"
#include "rules/audit.h"
#include "sys/sys.h"
#include "wire/json_slice.h"
#include "wire/url.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    FILE_BYTES_MAX = 1 << 30,
    PAGE_BYTES_MAX = 64 * 1024 * 1024,
    FAULTS_PRINTED_MAX = 20,
    SILENCE_MS = 30 * 1000,
};

static const struct option_kind kinds[] = {REMOTE_OPTIONS,
                                           {.name = "all", .has_value = false},
                                           {.name = "part", .has_value = false},
                                           {.name = "last", .has_value = true},
                                           {.name = NULL}};

/* ---- verify ---- */

struct verdict {
    struct audit_chain chain;
    uint64_t lines, faults;
};

static void tell_fault(struct verdict *verdict, const char *what)
{
    verdict->faults++;
    if (verdict->faults <= FAULTS_PRINTED_MAX) {
        printf("line %" PRIu64 ": %s\n", verdict->lines, what);
    } else if (verdict->faults == FAULTS_PRINTED_MAX + 1) {
        printf("...\n");
    }
}

static enum err check_line(struct verdict *verdict, struct str line, bool is_part)
{
    enum audit_fault fault = AUDIT_SOUND;
    const bool is_first = verdict->chain.n == 0;
    verdict->lines++;
    TRY(audit_chain_next(&verdict->chain, line, &fault));
    if (fault != AUDIT_SOUND) {
        tell_fault(verdict, audit_fault_text(fault));
    } else if (is_first && verdict->chain.first_n != 1 && !is_part) {
        tell_fault(verdict, "entries before it are missing; --part if this is only a part");
    }
    return ERR_OK;
}

static enum err check_lines(struct verdict *verdict, struct str text, bool is_part)
{
    while (text.len > 0) {
        const struct str line = str_cut(text, '\n', &text);
        TRY(check_line(verdict, line, is_part));
    }
    return ERR_OK;
}

static int tell(const struct verdict *verdict, const char *last)
{
    const struct audit_chain *chain = &verdict->chain;
    if (verdict->faults > 0) {
        printf("%" PRIu64 " of %" PRIu64 " lines are not sound\n", verdict->faults, verdict->lines);
        return COMMAND_FAILED;
    }
    if (last != NULL &&
        strcmp(last, chain->n == 0 ? audit_hash_first().text : chain->hash.text) != 0) {
        printf("the newest entry is another: entries behind it are missing, or were added\n");
        return COMMAND_FAILED;
    }
    if (chain->n == 0) {
        printf("no entries\n");
        return COMMAND_OK;
    }
    printf("sound: entries %" PRIu64 " to %" PRIu64 " of %s, the newest %s\n", chain->first_n,
           chain->n, chain->is_of_all ? "all streams" : chain->stream, chain->hash.text);
    return COMMAND_OK;
}

static int verify(const struct command *command, const struct options *options)
{
    struct buf text;
    struct verdict verdict = {.lines = 0};
    const char *path = options->words[1];
    if (strcmp(path, "-") == 0) {
        path = "/dev/stdin";
    }
    buf_init(&text, MEM_OTHER, FILE_BYTES_MAX);
    enum err err = sys_file_read(path, FILE_BYTES_MAX, &text);
    int code = COMMAND_OK;
    if (err == ERR_SYS) {
        char why[SYS_FAILURE_TEXT_MAX];
        (void)sys_failure_write(why);
        code = command_failed(command, why);
    } else if (err != ERR_OK) {
        code = command_failed(command, "the file is too long, or not there");
    } else if (check_lines(&verdict, buf_str(&text), options_has(options, "part")) != ERR_OK) {
        code = command_failed(command, "there is no memory");
    } else {
        code = tell(&verdict, options_value(options, "last"));
    }
    buf_done(&text);
    return code;
}

/* ---- export ---- */

struct export
{
    const struct command *command;
    const struct remote *remote;
    const char *stream; // NULL: the chain of acts on all
    uint64_t after;
    struct buf page;
};

static enum err fetch(struct export *export, int *ret_status)
{
    struct buf path, headers;
    buf_init(&path, MEM_OTHER, CLIENT_URL_MAX);
    buf_init(&headers, MEM_OTHER, 16 * 1024);
    buf_add_str(&path, STR("/v1"));
    if (export->stream != NULL) {
        buf_add_str(&path, STR("/streams/"));
        url_write(&path, str_of(export->stream));
    }
    buf_addf(&path, "/moderation/log?limit=500&after=%" PRIu64, export->after);
    remote_write_auth(export->remote, &headers);
    const struct client_request request = remote_get(export->remote, &path, &headers, SILENCE_MS);
    buf_reset(&export->page);
    const enum err err = buf_ok(&path) && buf_ok(&headers)
                             ? client_fetch(&request, ret_status, &export->page)
                             : ERR_LIMIT;
    buf_done(&path);
    buf_done(&headers);
    return err;
}

/* ERR_CLOSED: nobody reads it any more. ERR_PROTO: this is no page. */
static enum err print_page(struct export *export, bool *ret_more)
{
    const struct str members = json_slice_members(buf_str(&export->page));
    struct str rest = json_slice_member(members, STR("entries"));
    if (rest.len < 2) {
        return ERR_PROTO;
    }
    while (rest.len > 0 && (rest.at[0] == '[' || rest.at[0] == ',') && rest.at[1] != ']') {
        rest = (struct str){.at = rest.at + 1, .len = rest.len - 1};
        const struct str entry = json_slice_value(rest);
        struct str n = json_slice_member(json_slice_members(entry), STR("n"));
        if (entry.len == 0 || !str_to_u64(n, UINT64_MAX, &export->after)) {
            return ERR_PROTO;
        }
        if (sys_file_write_all(1, entry) != ERR_OK || sys_file_write_all(1, STR("\n")) != ERR_OK) {
            return ERR_CLOSED;
        }
        rest = (struct str){.at = rest.at + entry.len, .len = rest.len - entry.len};
    }
    *ret_more = str_eq(json_slice_member(members, STR("more")), STR("true"));
    return ERR_OK;
}

static int export_all(struct export *export)
{
    char why[CLIENT_WHY_MAX];
    bool has_more = true;
    while (has_more) {
        int status = 0;
        const enum err err = fetch(export, &status);
        if (err != ERR_OK) {
            client_explain(err, &export->remote->url, why);
            return command_failed(export->command, why);
        }
        if (status != 200) {
            remote_explain(status, buf_str(&export->page), why);
            return command_failed(export->command, why);
        }
        switch ((int)print_page(export, &has_more)) {
        case ERR_OK:
            break;
        case ERR_CLOSED:
            return COMMAND_OK;
        default:
            return command_failed(export->command, "the answer is no page of an audit");
        }
    }
    return COMMAND_OK;
}

static int export(const struct command *command, const struct options *options)
{
    struct remote remote;
    char why[CLIENT_WHY_MAX];
    const bool is_of_all = options_has(options, "all");
    if (is_of_all == (options->word_count == 2)) {
        return command_misused(command, "export wants a stream, or --all");
    }
    if (remote_find(options, &remote, why) != ERR_OK) {
        return command_misused(command, why);
    }
    struct export export = {
        .command = command, .remote = &remote, .stream = is_of_all ? NULL : options->words[1]};
    sys_signal_ignore_pipe();
    buf_init(&export.page, MEM_OTHER, PAGE_BYTES_MAX);
    const int code = export_all(&export);
    if (code == COMMAND_OK && export.after == 0) { // a chain that has not begun, or a name misspelt
        fprintf(stderr, "roar audit: no act was done on %s yet\n",
                is_of_all ? "all streams" : export.stream);
    }
    buf_done(&export.page);
    return code;
}

static int run(const struct command *command, const struct options *options)
{
    const char *what = options->words[0];
    if (strcmp(what, "export") == 0) {
        return export(command, options);
    }
    if (strcmp(what, "verify") == 0 && options->word_count == 2) {
        return verify(command, options);
    }
    return command_misused(command, "say `verify FILE` or `export STREAM`");
}

const struct command command_audit = {
    .name = "audit",
    .usage = "verify FILE|- | export STREAM [--url URL] [--token JWT]",
    .summary = "exports the audit of moderation, and verifies an export",
    .help = REMOTE_HELP
    "  export STREAM  prints the stream's entries, one a line\n"
    "  export --all   the same of acts on all streams\n"
    "                 without any it prints nothing, says so on stderr, and exits with 0: such a\n"
    "                 chain is sound, and so it is to verify; --last tells one that was emptied\n"
    "  verify FILE    goes through an export: nothing was changed, taken out or put elsewhere;\n"
    "                 each fault is named by its line, and makes it exit with 1; -: from stdin\n"
    "  --part         the export may begin amid the chain\n"
    "  --last HASH    its newest entry has to be this one, so that none behind it is missing\n",
    .spec = {.kinds = kinds, .words_min = 1, .words_max = 2},
    .run = run,
};
