// SPDX-License-Identifier: Apache-2.0
/* What one comment costs in each room it passes, on one core, without the kernel: for seeing which
 * room a change made slower. A row is the fastest of ROUNDS, in CPU time, so that a busy machine
 * lies less.
 *
 *     rooms_bench [PART OF A NAME]
 */
#include "base/buf.h"
#include "base/must.h"
#include "rules/comment_text.h"
#include "rules/fold.h"
#include "rules/jwt.h"
#include "rules/jwt_keys.h"
#include "rules/limits.h"
#include "rules/terms.h"
#include "rules/text_traits.h"
#include "wire/event.h"
#include "wire/json.h"
#include "wire/sse.h"
#include "wire/ws.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 5, ROUND_NS_MIN = 40 * 1000 * 1000 };

#define TEXT "the goal of the season, and nobody saw it coming \xe2\x9a\xbd"
#define BODY "{\"text\":\"" TEXT "\",\"cid\":\"c-81f0a2\",\"media_ms\":4120000}"
#define SECRET "a secret of the benchmark, 32 bytes or more"

/* 200 bytes each, as people write them: ASCII alone; signs that are letters, and emoji; and other
 * scripts. */
#define TEXT_ASCII                                                                                 \
    "what a goal that was, I cannot believe nobody saw him coming down the left side like that, "  \
    "the keeper had no chance at all and the whole stadium went mad for minutes, best match of "   \
    "the season so far"
#define TEXT_SIGNS                                                                                 \
    "g00d game, what a g0al!! 10/10 \xE2\x9A\xBD\xE2\x9A\xBD the keeper had n0 chance at a11 and " \
    "the wh0le stadium went mad for 5 minutes, best m@tch of the $eason so far caf\xC3\xA9 "       \
    "\xF0\x9F\x98\x80\xF0\x9F\x98\x80 na\xC3\xAFve, see you next week"
#define TEXT_STROKES                                                                               \
    "what a goaI that was, I cannot believe nobody saw him coming down the Ieft side like that, "  \
    "the keeper had no chance at aII and the whoIe stadium went mad for minutes, best match of "   \
    "the season so far"
#define TEXT_CYRILLIC                                                                                                                                                      \
    "какой гол, никто не заметил как он прошел по левому краю, у вратаря не было шансов, стадион " \
    "сошел с ума"

#define TEXT_HINDI                                                                                                                                                                   \
    "क्या गोल था, किसी ने उसे बाईं ओर से आते नहीं देखा, गोलकीपर के पास कोई " \
    "मौका नहीं "
#define TEXT_JAPANESE                                                                                                                            \
    "なんてゴールだ、左サイドから来るのを誰も見ていなかった。キーパーにはチャンスがなかったし、ス" \
    "タジアム全体が沸いた、今季一番の試合だと"
#define TEXT_ARABIC                                                                                                                \
    "يا له من هدف، لم يره أحد وهو يأتي من الجهة اليسرى، لم يكن لدى الحارس أ" \
    "ي فرصة وجن الملعب كله لدقائق، أفضل مباراة"
#define TEXT_KOREAN                                                                                                              \
    "정말 멋진 골이었어요, 왼쪽으로 들어오는 걸 아무도 못 봤네요. 골키퍼는 기회가 없었고 경" \
    "기장 전체가 몇 분 동안 난리였습니다 최고 최고의 경기"
#define EMOJI "⚽🔥👏🏽😂🇧🇷❤️🎉"
#define TEXT_EMOJI                                                                                 \
    EMOJI EMOJI EMOJI EMOJI "👨‍👩‍👧‍👦🥳💯🏆🏆🏆🏆🏆🏆🏆"

static const int64_t WALL_S = 1763700000;
static volatile size_t kept; // so that no call is without effect

struct place {
    struct buf out, json;
    struct buf frame; // a masked WebSocket message
    struct buf token;
    struct ws_decoder decoder;
    struct event *event;
    struct jwt_keys *keys;
    struct jwt_cache *cache;
    struct limits *limits;
    struct terms *terms; // 5,000 words
    int64_t mono_ms;
};

static void decode_ws(struct place *place)
{
    struct str input = buf_str(&place->frame);
    struct ws_message message;
    enum ws_close close;
    must(ws_decode(&place->decoder, &input, &message, &close) == ERR_OK);
    kept = message.payload.len;
}

static void parse_json(struct place *place)
{
    (void)place;
    struct json *root = NULL;
    struct json_fault fault;
    struct str text;
    must(json_parse(STR(BODY), &root, &fault) == ERR_OK);
    must(json_get_str(json_member(root, "text"), &text));
    kept = text.len;
    json_free(root);
}

static void keep_text(struct place *place)
{
    const char *why;
    buf_reset(&place->out);
    must(comment_text_keep(STR(TEXT), &comment_text_limits_usual, &place->out, &why) == TEXT_OK);
}

/* What a reactor does for each comment: all traits, and the server's terms. */
static void judge_text(struct place *place, struct str text)
{
    struct traits traits;
    buf_reset(&place->out);
    text_traits_find(text, &place->out, &traits);
    must(terms_judge(place->terms, traits.folded).outcome == OUTCOME_ALLOW);
    kept = traits.folded.len;
}

static void judge_ascii(struct place *place)
{
    judge_text(place, STR(TEXT_ASCII));
}

static void judge_signs(struct place *place)
{
    judge_text(place, STR(TEXT_SIGNS));
}

static void judge_strokes(struct place *place)
{
    judge_text(place, STR(TEXT_STROKES));
}

static void judge_cyrillic(struct place *place)
{
    judge_text(place, STR(TEXT_CYRILLIC));
}

static void judge_hindi(struct place *place)
{
    judge_text(place, STR(TEXT_HINDI));
}

static void judge_japanese(struct place *place)
{
    judge_text(place, STR(TEXT_JAPANESE));
}

static void judge_arabic(struct place *place)
{
    judge_text(place, STR(TEXT_ARABIC));
}

static void judge_korean(struct place *place)
{
    judge_text(place, STR(TEXT_KOREAN));
}

static void judge_emoji(struct place *place)
{
    judge_text(place, STR(TEXT_EMOJI));
}

static void fold_and_search(struct place *place)
{
    buf_reset(&place->out);
    fold_text(STR(TEXT_SIGNS), &place->out);
    must(terms_judge(place->terms, buf_str(&place->out)).outcome == OUTCOME_ALLOW);
    kept = place->out.len;
}

static void verify_token(struct place *place)
{
    struct claims *claims = NULL;
    enum jwt_fault fault;
    must(jwt_verify(place->keys, buf_str(&place->token), WALL_S, &claims, &fault) == ERR_OK);
    claims_unref(claims);
}

static void verify_known_token(struct place *place)
{
    struct claims *claims = NULL;
    enum jwt_fault fault;
    must(jwt_cache_verify(place->cache, place->keys, buf_str(&place->token), WALL_S, &claims,
                          &fault) == ERR_OK);
    claims_unref(claims);
}

static void ask_and_take(struct place *place)
{
    char key[16];
    const int len = snprintf(key, sizeof(key), "user%d", (int)(place->mono_ms % 1000));
    const struct str user = {.at = key, .len = (size_t)len};
    place->mono_ms += 11; // one user's turn comes every 11 s: always allowed
    must(limits_ask(place->limits, user, 1, place->mono_ms).allowed);
    must(limits_take(place->limits, user, place->mono_ms) == ERR_OK);
}

static void write_sse(struct place *place)
{
    buf_reset(&place->json);
    buf_reset(&place->out);
    event_write(&place->json, place->event, STR("demo"), 4071);
    sse_write(&place->out, STR("k3f9.4072"), buf_str(&place->json));
    kept = place->out.len;
}

static void write_ws(struct place *place)
{
    buf_reset(&place->json);
    buf_reset(&place->out);
    event_write(&place->json, place->event, STR("demo"), 4071);
    ws_write_text(&place->out, buf_str(&place->json));
    kept = place->out.len;
}

static const struct row {
    const char *name;
    void (*once)(struct place *place);
} rows[] = {
    {"ws_decode: one masked comment", decode_ws},
    {"json_parse: body of a POST", parse_json},
    {"comment_text_keep: 49 code points", keep_text},
    {"rules: 200 B, ASCII, 5,000 terms, traits", judge_ascii},
    {"rules: 200 B, signs and emoji, the same", judge_signs},
    {"rules: 200 B, capital I for l, the same", judge_strokes},
    {"rules: 200 B, Cyrillic, the same", judge_cyrillic},
    {"rules: 200 B, Hindi, the same", judge_hindi},
    {"rules: 200 B, Japanese, the same", judge_japanese},
    {"rules: 200 B, Arabic, the same", judge_arabic},
    {"rules: 200 B, Korean, the same", judge_korean},
    {"rules: 200 B, emoji alone, the same", judge_emoji},
    {"rules: fold_text and terms_judge alone", fold_and_search},
    {"jwt_verify: HS256", verify_token},
    {"jwt_cache_verify: a token seen before", verify_known_token},
    {"limits_ask and limits_take", ask_and_take},
    {"event_write and sse_write", write_sse},
    {"event_write and ws_write_text", write_ws},
};

/* ---- setting up and measuring ---- */

static void add_masked_frame(struct buf *frame)
{
    static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    buf_init(frame, MEM_OTHER, 4096);
    buf_add_byte(frame, 0x80 | WS_TEXT);
    _Static_assert(sizeof(BODY) - 1 < 126, "its length fits the short form of RFC 6455 5.2");
    buf_add_byte(frame, 0x80 | (sizeof(BODY) - 1));
    buf_add(frame, mask, sizeof(mask));
    for (size_t i = 0; i < sizeof(BODY) - 1; i++) {
        buf_add_byte(frame, (uint8_t)((uint8_t)BODY[i] ^ mask[i % 4]));
    }
}

/* Words as they are in such lists: made of syllables, so that they begin alike, half of them looked
 * for anywhere. */
static struct terms *make_terms(void)
{
    enum { TERMS = 5000, BYTES = 16 };
    static const char *const syllables[] = {"ba",  "ko",  "shi", "fu",  "ck", "ran", "dol", "ti",
                                            "gor", "wen", "ass", "hol", "pi", "zu",  "mer", "dic"};
    static char texts[TERMS][BYTES];
    static struct term list[TERMS];
    struct terms *terms = NULL;
    uint32_t bad = 0;
    for (uint32_t i = 0; i < TERMS; i++) {
        const int len =
            snprintf(texts[i], BYTES, "%s%s%s%s", syllables[i % 16], syllables[i / 16 % 16],
                     syllables[i / 256 % 16], syllables[i / 4096]);
        list[i] = (struct term){.text = {.at = texts[i], .len = (size_t)len},
                                .match = i % 2 == 0 ? TERM_WORD : TERM_SUBSTRING,
                                .action = OUTCOME_REFUSE};
    }
    must(terms_new(list, TERMS, &terms, &bad) == ERR_OK);
    return terms;
}

static void place_init(struct place *place)
{
    *place = (struct place){.mono_ms = 1};
    buf_init(&place->out, MEM_OTHER, 64 * 1024);
    buf_init(&place->json, MEM_OTHER, 64 * 1024);
    buf_init(&place->token, MEM_OTHER, JWT_BYTES_MAX);
    add_masked_frame(&place->frame);
    ws_decoder_init(&place->decoder);

    place->event =
        event_new(STR("\"id\":\"01JD3Z6M\",\"cid\":\"c-81f0a2\",\"at\":1763700000123,"
                      "\"user\":{\"id\":\"ann\",\"name\":\"Ann\"},\"text\":\"" TEXT "\""));
    must(place->event != NULL);
    place->event->kind = EVENT_COMMENT;
    place->event->seq = 4072;

    const struct jwt_grant grant = {
        .sub = STR("ann"), .name = STR("Ann"), .iat_s = WALL_S, .exp_s = WALL_S + 3600};
    must(jwt_keys_new(&place->keys) == ERR_OK);
    must(jwt_keys_add_secret(place->keys, STR(SECRET)) == ERR_OK);
    must(jwt_sign(STR(SECRET), &grant, &place->token) == ERR_OK);
    must(jwt_cache_new(16, &place->cache) == ERR_OK);
    place->terms = make_terms();
    must(limits_new((struct limit){.count = 5, .window_ms = 10000}, 1, &place->limits) == ERR_OK);
}

static void place_done(struct place *place)
{
    terms_unref(place->terms);
    limits_free(place->limits);
    jwt_cache_free(place->cache);
    jwt_keys_free(place->keys);
    event_unref(place->event);
    ws_decoder_done(&place->decoder);
    buf_done(&place->frame);
    buf_done(&place->token);
    buf_done(&place->json);
    buf_done(&place->out);
}

static int64_t now_ns(void)
{
    struct timespec now;
    must(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) == 0);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static double run_ns(const struct row *row, struct place *place, int64_t times)
{
    const int64_t start_ns = now_ns();
    for (int64_t i = 0; i < times; i++) {
        row->once(place);
    }
    return (double)(now_ns() - start_ns);
}

static double best_ns(const struct row *row, struct place *place)
{
    int64_t times = 1;
    while (run_ns(row, place, times) < ROUND_NS_MIN) {
        times *= 2;
    }
    double best = run_ns(row, place, times);
    for (int round = 1; round < ROUNDS; round++) {
        const double ns = run_ns(row, place, times);
        best = ns < best ? ns : best;
    }
    return best / (double)times;
}

int main(int argc, char **argv)
{
    const char *wanted = argc > 1 ? argv[1] : "";
    struct place place;
    place_init(&place);
    printf("%-42s %10s %12s\n", "", "ns each", "a second");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strstr(rows[i].name, wanted) != NULL) {
            const double ns = best_ns(&rows[i], &place);
            printf("%-42s %10.0f %12.0f\n", rows[i].name, ns, 1e9 / ns);
        }
    }
    place_done(&place);
    return 0;
}
