// SPDX-License-Identifier: Apache-2.0
#include "serve/carrier.h"

#include "base/must.h"

void carrier_ride(struct exchange *exchange, const struct answer *head,
                  const struct rider_ops *riding, void *rider)
{
    struct carrier *carrier = exchange->carrier;
    must(carrier->riding == NULL);
    carrier->riding = riding;
    carrier->rider = rider;
    carrier->ops->ride(carrier, head);
    exchange_free(exchange);
}

void carrier_send(struct carrier *carrier, struct str bytes)
{
    if (carrier->ops->send(carrier, bytes) != ERR_OK) {
        carrier->ops->cut(carrier);
    }
}

size_t carrier_try_send(struct carrier *carrier, const uint8_t *bytes, size_t len)
{
    return carrier->ops->try_send(carrier, bytes, len);
}

size_t carrier_waiting_bytes(const struct carrier *carrier)
{
    return carrier->ops->waiting_bytes(carrier);
}

uint32_t carrier_silent_ms(struct carrier *carrier)
{
    return carrier->ops->silent_ms(carrier);
}

uint32_t carrier_passed_ms(struct carrier *carrier)
{
    return carrier->ops->passed_ms(carrier);
}

int64_t carrier_heard_ms(const struct carrier *carrier)
{
    return carrier->ops->heard_ms(carrier);
}

void carrier_hold(struct carrier *carrier, bool held)
{
    carrier->ops->hold(carrier, held);
}

void carrier_end(struct carrier *carrier)
{
    carrier->ops->end(carrier);
}

void carrier_cut(struct carrier *carrier)
{
    carrier->ops->cut(carrier);
}

void carrier_drain(struct carrier *carrier)
{
    carrier->ops->drain(carrier);
}
