// SPDX-License-Identifier: Apache-2.0
/* uring_bench -- what a batch of sends by io_uring costs beside a bare send() loop.
 *
 *   uring_bench [SOCKETS [PAIRS [BYTES]]]     15000 sockets, 9 pairs, 300 bytes
 *
 * A child holds the other ends. It sleeps while a round is sent and then reads it, so that no send
 * pays for waking it up. Windows of each way follow each other, PAIRS times; each is ROUNDS rounds
 * of one send a socket. CPU is user and kernel time of the sending process. docs/why/005-io-uring.md tells what
 * came of it.
 *
 *   loop      send(MSG_DONTWAIT) for each
 *   ring      io_uring_enter() for each BATCH: IORING_OP_SEND, MSG_DONTWAIT, registered files,
 *             SINGLE_ISSUER and DEFER_TASKRUN, a completion read for each
 *   silent    the same, and only sends that fail complete (IOSQE_CQE_SKIP_SUCCESS): a short one is
 *             not seen, so it is a lower bound, not a way
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/io_uring.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    BATCH = 256,
    ROUNDS = 4,
    PAIRS_MAX = 99,
    BYTES_MAX = 4096,
    WAYS = 3,
    PORTS_EACH = 4000,
    CORES_MAX = 64
};

static void need(bool holds, const char *what)
{
    if (!holds) {
        perror(what);
        exit(1);
    }
}

/* ---- the ring, by hand ---- */

struct ring {
    int fd;
    _Atomic uint32_t *sq_tail, *cq_head, *cq_tail;
    uint32_t sq_mask, cq_mask;
    uint32_t *sq_array;
    struct io_uring_sqe *sqes;
    struct io_uring_cqe *cqes;
};

static void *map(int fd, size_t bytes, off_t at)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, at);
    need(memory != MAP_FAILED, "mmap");
    return memory;
}

static void ring_open(struct ring *ring, const int *fds, uint32_t count)
{
    struct io_uring_params params = {.flags = IORING_SETUP_SINGLE_ISSUER |
                                              IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SUBMIT_ALL};
    ring->fd = (int)syscall(__NR_io_uring_setup, BATCH, &params);
    need(ring->fd >= 0, "io_uring_setup");
    char *sq = map(ring->fd, params.sq_off.array + params.sq_entries * sizeof(uint32_t),
                   IORING_OFF_SQ_RING);
    char *cq = map(ring->fd, params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe),
                   IORING_OFF_CQ_RING);
    ring->sqes = map(ring->fd, params.sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
    ring->sq_tail = (_Atomic uint32_t *)(void *)(sq + params.sq_off.tail);
    ring->sq_mask = *(uint32_t *)(void *)(sq + params.sq_off.ring_mask);
    ring->sq_array = (uint32_t *)(void *)(sq + params.sq_off.array);
    ring->cq_head = (_Atomic uint32_t *)(void *)(cq + params.cq_off.head);
    ring->cq_tail = (_Atomic uint32_t *)(void *)(cq + params.cq_off.tail);
    ring->cq_mask = *(uint32_t *)(void *)(cq + params.cq_off.ring_mask);
    ring->cqes = (struct io_uring_cqe *)(void *)(cq + params.cq_off.cqes);
    for (uint32_t i = 0; i <= ring->sq_mask; i++) {
        ring->sq_array[i] = i;
    }
    need(syscall(__NR_io_uring_register, ring->fd, IORING_REGISTER_FILES, fds, count) == 0,
         "IORING_REGISTER_FILES");
}

/* The sends that came to something else than all their bytes. */
static uint32_t reap(struct ring *ring, int32_t bytes)
{
    uint32_t head = atomic_load_explicit(ring->cq_head, memory_order_relaxed);
    const uint32_t tail = atomic_load_explicit(ring->cq_tail, memory_order_acquire);
    uint32_t failed = 0;
    for (; head != tail; head++) {
        failed += ring->cqes[head & ring->cq_mask].res != bytes;
    }
    atomic_store_explicit(ring->cq_head, head, memory_order_release);
    return failed;
}

static uint32_t ring_send_all(struct ring *ring, uint32_t count, const uint8_t *bytes, uint32_t len,
                              bool silent)
{
    const uint8_t flags = IOSQE_FIXED_FILE | (silent ? IOSQE_CQE_SKIP_SUCCESS : 0);
    uint32_t failed = 0;
    for (uint32_t from = 0; from < count;) {
        const uint32_t n = count - from < BATCH ? count - from : BATCH;
        uint32_t tail = atomic_load_explicit(ring->sq_tail, memory_order_relaxed);
        for (uint32_t i = 0; i < n; i++, tail++) {
            ring->sqes[tail & ring->sq_mask] =
                (struct io_uring_sqe){.opcode = IORING_OP_SEND,
                                      .flags = flags,
                                      .fd = (int32_t)(from + i),
                                      .addr = (uint64_t)(uintptr_t)bytes,
                                      .len = len,
                                      .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL};
        }
        atomic_store_explicit(ring->sq_tail, tail, memory_order_release);
        const long sent = syscall(__NR_io_uring_enter, ring->fd, n, silent ? 0 : n,
                                  IORING_ENTER_GETEVENTS, NULL, 0);
        need(sent == (long)n, "io_uring_enter");
        failed += reap(ring, (int32_t)len);
        from += n;
    }
    return failed;
}

static uint32_t loop_send_all(const int *fds, uint32_t count, const uint8_t *bytes, uint32_t len)
{
    uint32_t failed = 0;
    for (uint32_t i = 0; i < count; i++) {
        failed += send(fds[i], bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)len;
    }
    return failed;
}

/* ---- the other ends ---- */

static void connect_all(struct sockaddr_in to, uint32_t count, int *fds)
{
    for (uint32_t i = 0; i < count; i++) {
        struct sockaddr_in from = {.sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(0x7f010001 + i / PORTS_EACH)};
        fds[i] = socket(AF_INET, SOCK_STREAM, 0);
        need(fds[i] >= 0 && bind(fds[i], (struct sockaddr *)&from, sizeof(from)) == 0, "bind");
        need(connect(fds[i], (struct sockaddr *)&to, sizeof(to)) == 0, "connect");
    }
}

/* Reads a round when it is told to by a byte, and answers with one. */
static void read_for_ever(const int *fds, uint32_t count, int orders)
{
    static uint8_t bytes[64 * 1024];
    while (read(orders, bytes, 1) == 1) {
        for (uint32_t i = 0; i < count; i++) {
            need(recv(fds[i], bytes, sizeof(bytes), 0) > 0, "recv");
        }
        need(write(orders, "r", 1) == 1, "write");
    }
    _exit(0);
}

/* ---- the measure ---- */

static char softirq_paths[CORES_MAX][40];
static uint32_t softirq_count;

struct bench {
    uint32_t sockets, len;
    int *fds;
    struct ring ring;
    uint8_t bytes[BYTES_MAX];
    int orders; // to the child
};

static double cpu_ns(void)
{
    struct timespec at;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
    return (double)at.tv_sec * 1e9 + (double)at.tv_nsec;
}

/* What the kernel's own threads spent on packets: where the receiving half of a loopback send goes
 * when others wait for the processor, and then it is not in our time. */
static double softirq_ns(void)
{
    double sum = 0;
    for (uint32_t i = 0; i < softirq_count; i++) {
        char text[64] = "";
        FILE *file = fopen(softirq_paths[i], "r");
        if (file != NULL && fgets(text, sizeof(text), file) != NULL) {
            sum += strtod(text, NULL);
        }
        if (file != NULL) {
            fclose(file);
        }
    }
    return sum;
}

static void find_softirq_threads(void)
{
    for (int pid = 2; pid < 2000 && softirq_count < CORES_MAX; pid++) {
        char path[40], name[32] = "";
        snprintf(path, sizeof(path), "/proc/%d/comm", pid);
        FILE *file = fopen(path, "r");
        if (file != NULL && fgets(name, sizeof(name), file) != NULL &&
            strncmp(name, "ksoftirqd", 9) == 0) {
            snprintf(softirq_paths[softirq_count++], sizeof(path), "/proc/%d/schedstat", pid);
        }
        if (file != NULL) {
            fclose(file);
        }
    }
}

/* Nanoseconds of CPU a send: ours, and with what the kernel's threads spent meanwhile. */
struct cost {
    double ours, all;
};

static struct cost window(struct bench *bench, int way)
{
    double ns = 0, soft_ns = 0;
    uint32_t failed = 0;
    for (int round = 0; round < ROUNDS; round++) {
        const double before = cpu_ns(), soft_before = softirq_ns();
        failed += way == 0 ? loop_send_all(bench->fds, bench->sockets, bench->bytes, bench->len)
                           : ring_send_all(&bench->ring, bench->sockets, bench->bytes, bench->len,
                                           way == 2);
        ns += cpu_ns() - before;
        soft_ns += softirq_ns() - soft_before;
        need(failed == 0, "a send was short");
        char answer;
        need(write(bench->orders, "r", 1) == 1 && read(bench->orders, &answer, 1) == 1, "orders");
    }
    const double sends = (double)ROUNDS * bench->sockets;
    return (struct cost){.ours = ns / sends, .all = (ns + soft_ns) / sends};
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double *values, int count)
{
    double sorted[PAIRS_MAX];
    memcpy(sorted, values, (size_t)count * sizeof(*values));
    qsort(sorted, (size_t)count, sizeof(*sorted), by_size);
    return sorted[count / 2];
}

static void measure(struct bench *bench, int pairs)
{
    static const char *const names[WAYS] = {"loop", "ring", "silent"};
    static double ours[WAYS][PAIRS_MAX], all[WAYS][PAIRS_MAX], ratio[WAYS][PAIRS_MAX];
    for (int way = 0; way < WAYS; way++) {
        (void)window(bench, way); // warm
    }
    for (int pair = 0; pair < pairs; pair++) {
        for (int way = 0; way < WAYS; way++) {
            const struct cost cost = window(bench, way);
            ours[way][pair] = cost.ours;
            all[way][pair] = cost.all;
            ratio[way][pair] = cost.all / all[0][pair];
        }
    }
    printf("%u sockets, %u bytes, %d interleaved windows of %d rounds\n", bench->sockets,
           bench->len, pairs, ROUNDS);
    for (int way = 0; way < WAYS; way++) {
        printf("%-7s %6.0f ns a send in the process, %6.0f with the kernel's threads: %.3f of the "
               "loop\n",
               names[way], median(ours[way], pairs), median(all[way], pairs),
               median(ratio[way], pairs));
    }
}

static void open_all(struct bench *bench, pid_t *ret_child)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t at_len = sizeof(at);
    int orders[2];
    const int one = 1, notsent = 16 * 1024;
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    need(bind(listener, (struct sockaddr *)&at, sizeof(at)) == 0, "bind");
    need(listen(listener, 4096) == 0, "listen");
    need(getsockname(listener, (struct sockaddr *)&at, &at_len) == 0, "getsockname");
    need(socketpair(AF_UNIX, SOCK_STREAM, 0, orders) == 0, "socketpair");
    *ret_child = fork();
    need(*ret_child >= 0, "fork");
    if (*ret_child == 0) {
        close(orders[0]);
        connect_all(at, bench->sockets, bench->fds);
        read_for_ever(bench->fds, bench->sockets, orders[1]);
    }
    close(orders[1]);
    bench->orders = orders[0];
    for (uint32_t i = 0; i < bench->sockets; i++) {
        bench->fds[i] = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        need(bench->fds[i] >= 0, "accept4");
        setsockopt(bench->fds[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        setsockopt(bench->fds[i], IPPROTO_TCP, TCP_NOTSENT_LOWAT, &notsent, sizeof(notsent));
    }
}

int main(int argc, char **argv)
{
    static struct bench bench;
    const int pairs = argc > 2 ? atoi(argv[2]) : 9;
    pid_t child = 0;
    bench.sockets = argc > 1 ? (uint32_t)atoi(argv[1]) : 15000;
    bench.len = argc > 3 ? (uint32_t)atoi(argv[3]) : 300;
    if (bench.sockets == 0 || pairs < 1 || pairs > PAIRS_MAX || bench.len > BYTES_MAX) {
        fprintf(stderr, "usage: uring_bench [SOCKETS [PAIRS [BYTES]]]\n");
        return 2;
    }
    memset(bench.bytes, 'x', sizeof(bench.bytes));
    bench.fds = calloc(bench.sockets, sizeof(*bench.fds));
    need(bench.fds != NULL, "calloc");
    find_softirq_threads();
    open_all(&bench, &child);
    ring_open(&bench.ring, bench.fds, bench.sockets);
    measure(&bench, pairs);
    kill(child, SIGKILL);
    return waitpid(child, NULL, 0) == child ? 0 : 1;
}
