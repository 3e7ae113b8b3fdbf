// SPDX-License-Identifier: Apache-2.0
#include "rules/jwt.h"

#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"

#include <openssl/evp.h>

enum { DIGEST_BYTES = 32 };

struct entry {
    struct map_node node;  // in cache->by_digest
    struct link link;      // in cache->by_use
    struct claims *claims; // a reference
    uint8_t digest[DIGEST_BYTES];
};

struct jwt_cache {
    struct map by_digest;
    struct link by_use; // entries, the longest unused first
    uint32_t entries_max;
};

enum err jwt_cache_new(uint32_t entries_max, struct jwt_cache **ret_cache)
{
    struct jwt_cache *cache = mem_new(MEM_CONN, sizeof(*cache));
    if (cache == NULL) {
        return ERR_NOMEM;
    }
    cache->entries_max = entries_max;
    map_init(&cache->by_digest, MEM_CONN, 0); // no seed: nobody chooses SHA-256 digests to collide
    list_init(&cache->by_use);
    *ret_cache = cache;
    return ERR_OK;
}

static void entry_free(struct jwt_cache *cache, struct entry *entry)
{
    map_remove(&cache->by_digest, &entry->node);
    list_remove(&entry->link);
    claims_unref(entry->claims);
    mem_free(MEM_CONN, entry);
}

void jwt_cache_clear(struct jwt_cache *cache)
{
    while (!list_is_empty(&cache->by_use)) {
        entry_free(cache, list_entry(cache->by_use.next, struct entry, link));
    }
}

void jwt_cache_free(struct jwt_cache *cache)
{
    if (cache == NULL) {
        return;
    }
    jwt_cache_clear(cache);
    map_done(&cache->by_digest);
    mem_free(MEM_CONN, cache);
}

static struct entry *find(struct jwt_cache *cache, const uint8_t digest[DIGEST_BYTES])
{
    const struct str key = {.at = (const char *)digest, .len = DIGEST_BYTES};
    struct map_node *node = map_find(&cache->by_digest, key);
    return node == NULL ? NULL : map_entry(node, struct entry, node);
}

/* Without memory it is simply not kept. */
static void keep(struct jwt_cache *cache, const uint8_t digest[DIGEST_BYTES], struct claims *claims)
{
    if (cache->entries_max == 0) {
        return;
    }
    if (cache->by_digest.count >= cache->entries_max) {
        entry_free(cache, list_entry(cache->by_use.next, struct entry, link));
    }
    struct entry *entry = mem_new(MEM_CONN, sizeof(*entry));
    if (entry == NULL) {
        return;
    }
    memcpy(entry->digest, digest, DIGEST_BYTES);
    entry->node.key = (struct str){.at = (const char *)entry->digest, .len = DIGEST_BYTES};
    if (map_add(&cache->by_digest, &entry->node) != ERR_OK) {
        mem_free(MEM_CONN, entry);
        return;
    }
    entry->claims = claims_ref(claims);
    list_push(&cache->by_use, &entry->link);
}

/* breach(params): it stands in front of jwt_verify(), and takes what that takes */
enum err jwt_cache_verify(struct jwt_cache *cache, const struct jwt_keys *keys, struct str token,
                          int64_t wall_s, struct claims **ret_claims, enum jwt_fault *ret_fault)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    if (token.len > JWT_BYTES_MAX ||
        EVP_Digest(token.at, token.len, digest, NULL, EVP_sha256(), NULL) != 1) {
        return jwt_verify(keys, token, wall_s, ret_claims, ret_fault);
    }
    struct entry *entry = find(cache, digest);
    if (entry != NULL) {
        list_remove(&entry->link);
        list_push(&cache->by_use, &entry->link);
        TRY(jwt_check_times(entry->claims, wall_s, ret_fault));
        *ret_claims = claims_ref(entry->claims);
        return ERR_OK;
    }
    struct claims *claims = NULL;
    enum err err = jwt_read_signed(keys, token, &claims);
    if (err != ERR_OK) {
        *ret_fault = JWT_BAD;
        return err;
    }
    keep(cache, digest, claims);
    err = jwt_check_times(claims, wall_s, ret_fault);
    if (err != ERR_OK) {
        claims_unref(claims);
        return err;
    }
    *ret_claims = claims;
    return ERR_OK;
}
