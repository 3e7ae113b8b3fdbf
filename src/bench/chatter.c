// SPDX-License-Identifier: Apache-2.0
#include "bench/chatter.h"

#include "base/rand.h"

#include <inttypes.h>

static const char *const words[] = {
    "the",       "to",        "i",        "and",        "you",        "it",        "a",
    "that",      "is",        "of",       "in",         "this",       "for",       "me",
    "my",        "so",        "what",     "on",         "be",         "not",       "just",
    "like",      "with",      "have",     "was",        "are",        "good",      "no",
    "but",       "all",       "get",      "one",        "do",         "we",        "know",
    "how",       "can",       "out",      "up",         "they",       "time",      "he",
    "go",        "your",      "see",      "too",        "if",         "now",       "at",
    "as",        "think",     "great",    "really",     "when",       "people",    "here",
    "want",      "there",     "some",     "make",       "song",       "love",      "from",
    "would",     "she",       "more",     "say",        "who",        "did",       "by",
    "why",       "game",      "about",    "video",      "still",      "need",      "next",
    "been",      "play",      "or",       "will",       "guys",       "back",      "then",
    "got",       "hello",     "stream",   "wait",       "right",      "thing",     "man",
    "way",       "let",       "even",     "where",      "day",        "could",     "look",
    "them",      "wow",       "best",     "well",       "never",      "going",     "had",
    "haha",      "every",     "first",    "off",        "better",     "again",     "please",
    "team",      "only",      "nice",     "show",       "yes",        "thanks",    "watching",
    "those",     "much",      "year",     "him",        "come",       "music",     "made",
    "his",       "after",     "chat",     "over",       "everyone",   "always",    "something",
    "gonna",     "before",    "their",    "sound",      "should",     "life",      "big",
    "long",      "little",    "call",     "last",       "hope",       "tell",      "has",
    "new",       "find",      "goal",     "old",        "night",      "believe",   "feel",
    "home",      "take",      "into",     "other",      "maybe",      "word",      "around",
    "ever",      "keep",      "another",  "part",       "favorite",   "put",       "someone",
    "miss",      "through",   "start",    "real",       "hard",       "our",       "live",
    "anyone",    "done",      "mean",     "because",    "today",      "down",      "doing",
    "world",     "being",     "same",     "dude",       "hear",       "thought",   "help",
    "though",    "bad",       "pretty",   "happy",      "lol",        "work",      "give",
    "run",       "stop",      "win",      "fun",        "voice",      "hour",      "friend",
    "half",      "crazy",     "also",     "try",        "name",       "watch",     "two",
    "actually",  "minute",    "point",    "kind",       "since",      "score",     "played",
    "seen",      "which",     "turn",     "things",     "sure",       "else",      "few",
    "beautiful", "leave",     "many",     "second",     "guess",      "amazing",   "story",
    "morning",   "does",      "movie",    "head",       "left",       "bit",       "lot",
    "perfect",   "talking",   "quite",    "true",       "place",      "between",   "during",
    "used",      "job",       "season",   "welcome",    "amount",     "cool",      "hot",
    "girl",      "crowd",     "camera",   "audio",      "louder",     "screen",    "player",
    "ball",      "pass",      "shot",     "keeper",     "ref",        "card",      "foul",
    "line",      "final",     "group",    "match",      "save",       "corner",    "penalty",
    "coach",     "bench",     "side",     "field",      "weather",    "rain",      "sunny",
    "city",      "street",    "coffee",   "pizza",      "dinner",     "tired",     "awake",
    "school",    "class",     "exam",     "boss",       "train",      "bus",       "late",
    "early",     "soon",      "almost",   "finally",    "totally",    "honestly",  "literally",
    "basically", "seriously", "exactly",  "probably",   "definitely", "suddenly",  "anyway",
    "whatever",  "nobody",    "nothing",  "everything", "somewhere",  "together",  "against",
    "without",   "under",     "already",  "enough",     "instead",    "rather",    "behind",
    "above",     "across",    "along",    "until",      "while",      "whose",     "these",
    "were",      "might",     "must",     "shall",      "yeah",       "nope",      "okay",
    "hmm",       "oops",      "damn",     "sweet",      "awesome",    "epic",      "insane",
    "legend",    "brilliant", "terrible", "boring",     "weird",      "funny",     "sad",
    "angry",     "scary",     "lucky",    "smart",      "stupid",     "clean",     "messy",
    "loud",      "quiet",     "fast",     "slow",       "heavy",      "light",     "dark",
    "bright",    "cold",      "warm",     "fresh",      "clear",      "wrong",     "ready",
    "busy",      "free",      "full",     "empty",      "open",       "closed",    "broken",
    "fixed",     "missing",   "hidden",   "secret",     "famous",     "unknown",   "original",
    "classic",   "modern",    "official", "random",     "special",    "normal",    "extra",
    "double",    "single",    "golden",   "silver",     "black",      "white",     "green",
    "blue",      "yellow",    "purple",   "orange",     "brown",      "drums",     "guitar",
    "piano",     "bass",      "vocals",   "chorus",     "verse",      "intro",     "outro",
    "remix",     "cover",     "album",    "concert",    "tour",       "ticket",    "stage",
    "lights",    "fans",      "shirt",    "merch",      "poster",     "sticker",   "subscribe",
    "follow",    "share",     "comment",  "reply",      "mention",    "moderator", "admin",
    "banned",    "muted",     "spoiler",  "link",       "clip",       "replay",    "highlight",
    "update",    "patch",     "level",    "quest",      "monster",    "weapon",    "armor",
    "health",    "damage",    "speed",    "magic",      "dragon",     "castle",    "village",
    "forest",    "mountain",  "river",    "ocean",      "island",     "bridge",    "tower",
    "door",      "window",    "table",    "chair",      "kitchen",    "garden"};

enum { WORDS = sizeof(words) / sizeof(words[0]) };

/* From before a place that itself was chosen at random: the front ones more often. */
static struct str any_word(struct rand *rand)
{
    return str_of(words[rand_below(rand, 1 + rand_below(rand, WORDS))]);
}

void chatter_write(struct buf *out, uint64_t number, uint32_t bytes)
{
    const size_t start = out->len;
    struct rand rand;
    rand_init(&rand, number);
    buf_addf(out, "%" PRIu64, number);
    while (buf_ok(out) && out->len - start < bytes) {
        buf_add_byte(out, ' ');
        buf_add_str(out, any_word(&rand));
    }
    if (buf_ok(out) && out->len - start > bytes) {
        out->len = start + bytes;
    }
    if (buf_ok(out) && bytes > 0) {
        out->bytes[out->len - 1] = '.';
    }
}
