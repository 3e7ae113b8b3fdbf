// SPDX-License-Identifier: Apache-2.0
#include "hub/crowd.h"

#include "base/must.h"
#include "base/mutant.h"
#include "hub/presence.h"

struct attendee {
    struct map_node node; // in stream->people; its key is `identity`
    uint64_t identity;
    uint64_t address; // of its last poll
    struct stream *stream;
    struct link untold_link; // in stream->untold
    int32_t seats;           // viewers that hold it, whether they beat or not
    int32_t connections;     // those that beat
    int32_t told;            // what the owner was told
    uint32_t letters;        // under way that speak of it
    bool has_beat;           // a long poll's, to be told
    char *name;              // owned; until it was told; NULL: none
};

static void mark(struct stream *stream)
{
    if (!list_holds(&stream->crowd_link)) {
        list_push(&stream->hub->crowds, &stream->crowd_link);
    }
}

static void note_change(struct attendee *attendee)
{
    if (!list_holds(&attendee->untold_link)) {
        list_push(&attendee->stream->untold, &attendee->untold_link);
    }
    mark(attendee->stream);
}

static void set_connections(struct attendee *attendee, int32_t more)
{
    struct stream *stream = attendee->stream;
    const bool was_here = attendee->connections > 0;
    attendee->connections += more;
    stream->present_here += (uint32_t)((attendee->connections > 0) - was_here);
    note_change(attendee);
}

static struct attendee *attendee_find(const struct stream *stream, uint64_t identity)
{
    const struct str key = {.at = (const char *)&identity, .len = sizeof(identity)};
    struct map_node *node = map_find(&stream->people, key);
    return node == NULL ? NULL : map_entry(node, struct attendee, node);
}

static struct attendee *attendee_of(struct stream *stream, uint64_t identity, struct str name)
{
    struct attendee *attendee = attendee_find(stream, identity);
    if (attendee != NULL) {
        return attendee;
    }
    attendee = mem_new(MEM_STREAM, sizeof(*attendee));
    char *copy = name.len == 0 ? NULL : mem_copy_text(MEM_STREAM, name.at, name.len);
    if (attendee == NULL || (name.len > 0 && copy == NULL)) {
        mem_free(MEM_STREAM, attendee);
        mem_free(MEM_STREAM, copy);
        return NULL;
    }
    attendee->identity = identity;
    attendee->stream = stream;
    attendee->name = copy;
    attendee->node.key =
        (struct str){.at = (const char *)&attendee->identity, .len = sizeof(identity)};
    if (map_add(&stream->people, &attendee->node) != ERR_OK) {
        mem_free(MEM_STREAM, copy);
        mem_free(MEM_STREAM, attendee);
        return NULL;
    }
    return attendee;
}

static void free_if_gone(struct attendee *attendee)
{
    if (attendee->seats == 0 && attendee->told == 0 && attendee->letters == 0 &&
        !attendee->has_beat && !list_holds(&attendee->untold_link)) {
        map_remove(&attendee->stream->people, &attendee->node);
        mem_free(MEM_STREAM, attendee->name);
        mem_free(MEM_STREAM, attendee);
    }
}

/* ---- coming and going ---- */

void crowd_arrive(struct stream *stream)
{
    if (!stream->told_interest) {
        mark(stream);
    }
}

void crowd_farewell(struct stream *stream)
{
    if (stream->told_interest) {
        mark(stream);
    }
}

bool crowd_is_told(const struct stream *stream)
{
    return stream->people.count == 0 && stream->soles == 0 && stream->soles_told == 0 &&
           !stream->told_interest && stream->letters_away == 0;
}

static void count_sole(struct stream *stream, int32_t more)
{
    stream->soles += more;
    stream->present_here += (uint32_t)more;
    mark(stream);
}

enum err crowd_enter(struct viewer *viewer, struct str name)
{
    if (viewer->identity == 0) {
        return ERR_OK;
    }
    if (viewer->identity != IDENTITY_SOLE) {
        struct attendee *attendee = attendee_of(viewer->stream, viewer->identity, name);
        if (attendee == NULL) {
            return ERR_NOMEM;
        }
        attendee->seats++;
    }
    viewer->has_seat = true;
    crowd_beats(viewer, true);
    return ERR_OK;
}

void crowd_beats(struct viewer *viewer, bool alive)
{
    if (!viewer->has_seat || viewer->counted == alive) {
        return;
    }
    viewer->counted = alive;
    if (viewer->identity == IDENTITY_SOLE) {
        count_sole(viewer->stream, alive ? 1 : -1);
        return;
    }
    struct attendee *attendee = attendee_find(viewer->stream, viewer->identity);
    must(attendee != NULL);
    set_connections(attendee, alive ? 1 : -1);
}

void crowd_leave(struct viewer *viewer)
{
    if (!viewer->has_seat) {
        return;
    }
    if (!mutant(LEAVE_UNTOLD)) {
        crowd_beats(viewer, false);
    }
    viewer->has_seat = false;
    if (viewer->identity != IDENTITY_SOLE) {
        struct attendee *attendee = attendee_find(viewer->stream, viewer->identity);
        must(attendee != NULL);
        attendee->seats--;
        free_if_gone(attendee);
    }
}

void crowd_beat_once(struct stream *stream, uint64_t identity, uint64_t address, struct str name)
{
    struct attendee *attendee = identity == 0 ? NULL : attendee_of(stream, identity, name);
    if (attendee != NULL) {
        attendee->has_beat = true;
        attendee->address = address;
        note_change(attendee);
    }
}

/* ---- telling the owner ---- */

static void on_back(struct letter *opened)
{
    struct presence_letter *letter = list_entry(opened, struct presence_letter, letter);
    struct stream *stream = letter->stream;
    for (uint32_t i = 0; i < letter->count; i++) {
        const struct presence_change *change = &letter->changes[i];
        struct attendee *attendee = attendee_find(stream, change->identity);
        if (change->failed && attendee != NULL) {
            attendee->told -= change->connections;
            attendee->has_beat = attendee->has_beat || change->is_beat;
            note_change(attendee);
        }
        if (attendee != NULL) {
            attendee->letters--;
            free_if_gone(attendee);
        }
    }
    if (letter->soles != 0) {
        stream->soles_told -= letter->soles;
        mark(stream);
    }
    if (letter->interest != 0) {
        stream->told_interest = letter->interest < 0;
        mark(stream);
    } else {
        stream->viewers_known = letter->viewers;
        stream->hidden_known = letter->hidden;
    }
    stream->letters_away--;
    stream->hub->letters_away--;
    if (!list_holds(&stream->step_link)) { // one that is closing may have waited for this
        list_push(&stream->hub->stepping, &stream->step_link);
    }
    mem_free(MEM_STREAM, letter);
}

static bool differs(const struct attendee *attendee)
{
    return attendee->connections != attendee->told || attendee->has_beat;
}

/* Those that only came and went between two turns have nothing to tell. */
static void drop_settled(struct stream *stream, uint32_t *ret_count, size_t *ret_text_bytes)
{
    uint32_t count = 0;
    size_t text_bytes = 0;
    struct link *link = stream->untold.next;
    while (link != &stream->untold) {
        struct attendee *attendee = list_entry(link, struct attendee, untold_link);
        link = link->next;
        if (differs(attendee)) {
            count++;
            text_bytes += attendee->name == NULL ? 0 : strlen(attendee->name);
        } else {
            list_remove(&attendee->untold_link);
            free_if_gone(attendee);
        }
    }
    *ret_count = count;
    *ret_text_bytes = text_bytes;
}

static void write_change(struct presence_letter *letter, struct attendee *attendee, char **text)
{
    struct presence_change *change = &letter->changes[letter->count];
    letter->count++;
    change->identity = attendee->identity;
    change->address = attendee->address;
    change->connections = attendee->connections - attendee->told;
    change->is_beat = attendee->has_beat;
    change->name_at = (uint32_t)(*text - letter->text);
    if (attendee->name != NULL) {
        change->name_len = (uint32_t)strlen(attendee->name);
        memcpy(*text, attendee->name, change->name_len);
        *text += change->name_len;
    }
    attendee->told = attendee->connections;
    attendee->has_beat = false;
    attendee->letters++;
}

static enum err tell(struct stream *stream)
{
    uint32_t count = 0;
    size_t text_bytes = 0;
    const bool wants = !stream->closing;
    drop_settled(stream, &count, &text_bytes);
    if (count == 0 && wants == stream->told_interest && stream->soles == stream->soles_told) {
        return ERR_OK;
    }
    struct presence_letter *letter =
        mem_new(MEM_STREAM, sizeof(*letter) + count * sizeof(letter->changes[0]) + text_bytes + 1);
    if (letter == NULL) {
        return ERR_NOMEM;
    }
    letter->back = on_back;
    letter->from = stream->hub;
    letter->to = presence_owner(stream->hub, stream_name(stream));
    letter->stream = stream;
    letter->name = stream_name(stream);
    letter->interest = (int32_t)wants - (int32_t)stream->told_interest;
    char *text = (char *)&letter->changes[count];
    letter->text = text;
    for (struct link *link = list_pop(&stream->untold); link != NULL;
         link = list_pop(&stream->untold)) {
        write_change(letter, list_entry(link, struct attendee, untold_link), &text);
    }
    letter->soles = stream->soles - stream->soles_told;
    stream->soles_told = stream->soles;
    stream->told_interest = wants;
    stream->letters_away++;
    stream->hub->letters_away++;
    presence_tell(letter);
    return ERR_OK;
}

int64_t crowd_turn(struct hub *hub)
{
    struct link *link = hub->crowds.next;
    while (link != &hub->crowds) {
        struct stream *stream = list_entry(link, struct stream, crowd_link);
        link = link->next;
        if (tell(stream) == ERR_OK) {
            list_remove(&stream->crowd_link);
        }
    }
    return list_is_empty(&hub->crowds) ? INT64_MAX : hub->now_ms + STREAM_RETRY_MS;
}

void crowd_identify(struct viewer *viewer, uint64_t identity)
{
    struct stream *stream = viewer->stream;
    if (!viewer->has_seat) { // it has not entered yet
        viewer->identity = identity;
        return;
    }
    struct attendee *attendee = attendee_of(stream, identity, STR_NONE);
    if (attendee == NULL) {
        return;
    }
    const bool was_counted = viewer->counted;
    crowd_beats(viewer, false);
    viewer->identity = identity;
    attendee->seats++;
    crowd_beats(viewer, was_counted);
    if (tell(stream) == ERR_OK) { // else at the end of the turn
        list_remove(&stream->crowd_link);
    }
}
