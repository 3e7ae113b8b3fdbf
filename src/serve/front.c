// SPDX-License-Identifier: Apache-2.0
#include "serve/front.h"

#include "rules/claims.h"

#include <stdio.h>
#include <time.h>

int64_t front_now_ms(const struct server *server)
{
    return reactor_now_ms(server->reactor);
}

/* RFC 9110 5.6.7; strftime() would follow the locale. */
static void write_date(char *date, size_t size, time_t now_s)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct tm tm;
    if (gmtime_r(&now_s, &tm) == NULL) {
        date[0] = '\0';
        return;
    }
    snprintf(date, size, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", days + 3 * tm.tm_wday,
             tm.tm_mday, months + 3 * tm.tm_mon, tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
             tm.tm_sec);
}

struct str front_date(struct server *server)
{
    const int64_t now_s = clock_wall_ms(server->clock) / 1000;
    if (now_s != server->date_s || server->date[0] == '\0') {
        server->date_s = now_s;
        write_date(server->date, sizeof(server->date), (time_t)now_s);
    }
    return str_of(server->date);
}

uint32_t front_retry_ms(struct server *server)
{
    return RETRY_MS_MIN + (uint32_t)rand_below(&server->rand, RETRY_MS_SPREAD);
}

uint32_t front_drain_retry_ms(struct server *server)
{
    const uint32_t spread = server->retry_ms_max - server->retry_ms_min + 1;
    return server->retry_ms_min + (uint32_t)rand_below(&server->rand, spread);
}

uint32_t front_refusal_retry_ms(struct server *server, enum problem_code code)
{
    return code == PROBLEM_DRAINING
               ? front_drain_retry_ms(server)
               : FULL_RETRY_MS + (uint32_t)rand_below(&server->rand, FULL_RETRY_MS);
}

uint32_t front_goaway(struct server *server, enum goaway_reason reason)
{
    meter_count(&server->meter, (enum meter_id)(METER_GOAWAY_DRAIN + reason), 1);
    return reason == GOAWAY_DRAIN ? front_drain_retry_ms(server) : front_retry_ms(server);
}

bool front_trusts(const struct server *server, const struct address *address)
{
    for (uint32_t i = 0; i < server->trusted_proxy_count; i++) {
        if (network_holds(&server->trusted_proxies[i], address)) {
            return true;
        }
    }
    return false;
}

void front_visit_by(struct carrier *carrier, int64_t at_ms)
{
    if (list_holds(&carrier->entry.link) && at_ms < carrier->entry.due_ms) {
        rota_plan(&carrier->server->visits, &carrier->entry, at_ms);
    }
}

bool front_look_at_token(struct carrier *carrier, const struct claims *claims)
{
    const struct server *server = carrier->server;
    if (claims == NULL || claims->exp_s == 0) {
        return true;
    }
    const int64_t left_ms = claims->exp_s * 1000 - clock_wall_ms(server->clock);
    const int64_t look_ms = left_ms < server->visit_ms ? left_ms : server->visit_ms;
    front_visit_by(carrier, front_now_ms(server) + (look_ms > 0 ? look_ms : 0));
    return left_ms > 0;
}

bool front_is_there(struct carrier *carrier, int64_t silent_ms)
{
    struct server *server = carrier->server;
    const int64_t left_ms = server->ttl_ms - silent_ms;
    if (silent_ms > 0) {
        const bool is_near = left_ms > 0 && left_ms < server->visit_ms;
        front_visit_by(carrier, front_now_ms(server) + (is_near ? left_ms : server->visit_ms));
    }
    return left_ms > 0;
}

bool front_has_stalled(struct carrier *carrier, int64_t moved_ms)
{
    const struct server *server = carrier->server;
    return front_now_ms(server) - moved_ms >= server->stall_ms &&
           (carrier_passed_ms(carrier) >= server->stall_ms ||
            carrier_silent_ms(carrier) >= server->stall_ms);
}

static void on_replaced(struct census_seat *seat)
{
    struct carrier *carrier = list_entry(seat, struct carrier, seat);
    if (carrier->riding != NULL) {
        carrier->riding->replaced(carrier);
    }
}

void front_identify(struct carrier *carrier, struct str user)
{
    struct server *server = carrier->server;
    if (server->census == NULL) {
        return;
    }
    const struct census_recall recall = {.home = reactor_home(server->reactor),
                                         .replaced = on_replaced};
    const enum err err = census_count_user(server->census, &carrier->seat, user, &recall);
    (void)err; // no memory to count with: it reads uncounted
}
