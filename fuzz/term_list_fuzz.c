// SPDX-License-Identifier: Apache-2.0
/* A list that is read, as a file or as JSON, is written and read again as it was; each of its terms is
 * found in itself, unless it is one that allows. */
#include "base/mem.h"
#include "fuzz.h"
#include "rules/fold.h"
#include "rules/term_list.h"

#include <string.h>

static void find_each(const struct terms *terms)
{
    struct buf folded = fuzz_buf();
    bool has_allows = false;
    for (uint32_t i = 0; i < terms_count(terms); i++) {
        has_allows = has_allows || terms_at(terms, i).match == TERM_ALLOW;
    }
    for (uint32_t i = 0; i < terms_count(terms) && !has_allows; i++) {
        buf_reset(&folded);
        fold_text(terms_at(terms, i).text, &folded);
        must(terms_judge(terms, buf_str(&folded)).outcome >= terms_at(terms, i).action);
    }
    buf_done(&folded);
}

static void write_and_read(const struct terms *terms)
{
    struct buf out = fuzz_buf();
    struct buf again = fuzz_buf();
    struct terms *same = NULL;
    struct term_list_fault fault;
    term_list_write(&out, terms);
    must(term_list_read_json(buf_str(&out), &same, &fault) == ERR_OK);
    term_list_write(&again, same);
    must(str_eq(buf_str(&out), buf_str(&again)));
    terms_unref(same);
    buf_done(&again);
    buf_done(&out);
}

static void judge(enum err err, struct terms *terms, const struct term_list_fault *fault)
{
    if (err == ERR_OK) {
        find_each(terms);
        write_and_read(terms);
        terms_unref(terms);
    } else {
        must(terms == NULL && fault->text[0] != '\0');
        must(memchr(fault->text, '\0', sizeof(fault->text)) != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct terms *terms = NULL;
    struct term_list_fault fault = {""};
    judge(term_list_read_file(fuzz_str(bytes, len), &terms, &fault), terms, &fault);
    terms = NULL;
    judge(term_list_read_json(fuzz_str(bytes, len), &terms, &fault), terms, &fault);
    return 0;
}
