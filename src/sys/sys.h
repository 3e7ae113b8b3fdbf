// SPDX-License-Identifier: Apache-2.0
/* sys -- everything Roar asks of the kernel, and the only room that asks. errno is read here alone.
 *
 *      this header
 *      sys.c  sys_socket.c  sys_local.c  sys_poll.c  sys_event.c  sys_thread.c  sys_file.c
 *      sys_process.c  sys_renew.c  sys_notify.c  sys_signal.c
 *
 * Thread:   any, unless said otherwise; the last failure is each thread's own.
 * Promise:  every descriptor is close-on-exec; a call that a signal interrupted is asked again;
 * whatever returns ERR_SYS has noted which call failed on what and why: sys_last_failure().
 */
#pragma once

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- the last failure of this thread ---- */

enum { SYS_SUBJECT_MAX = 160, SYS_FAILURE_TEXT_MAX = 320 };

struct sys_failure {
    const char *call; // static: "open"
    int code;         // errno's value
    char subject[SYS_SUBJECT_MAX];
};

const struct sys_failure *sys_last_failure(void);
/* "open /var/lib/roar: Permission denied", for people; borrowed from `text`. */
struct str sys_failure_write(char text[SYS_FAILURE_TEXT_MAX]);
/* Notes errno. For rooms of sys/ only. */
void sys_note_failure(const char *call, const char *subject);
/* The same, to leave by: inline, so that analyzers see that it is never ERR_OK. */
MUST_USE static inline enum err sys_failed(const char *call, const char *subject)
{
    sys_note_failure(call, subject);
    return ERR_SYS;
}

/* ---- time, chance, the machine ---- */

const struct clock *sys_clock(void);      // CLOCK_MONOTONIC and CLOCK_REALTIME; static
int64_t sys_mono_us(void);                // the same clock, finer
void sys_random(void *bytes, size_t len); // for secrets; a kernel without it ends the process
uint64_t sys_random_u64(void);
uint32_t sys_cpu_count(void);             // those this process may run on, >= 1
uint64_t sys_memory_total_bytes(void);    // of the machine, or of the control group if that is less
uint64_t sys_memory_resident_bytes(void); // of this process; 0: not known
const char *sys_env(const char *name);    // NULL: not set; boot only
const char *const *sys_env_all(void);     // "NAME=value", ended by NULL; boot only
/* Raises the soft limit of open files to the hard one; returns what it is now. */
uint64_t sys_files_max_raise(void);
uint64_t sys_files_max(void);
bool sys_is_terminal(int fd);
void sys_sleep_ms(uint32_t wait_ms); // commands only: a reactor has timers
/* Ends the process at once; what is durable stays so. */
_Noreturn void sys_exit_now(int code);

/* ---- sockets (TCP) ---- */

struct sys_endpoint {
    uint8_t ip[16]; // IPv6, or IPv4 mapped (::ffff:a.b.c.d)
    uint16_t port;
};

struct sys_listen {
    struct sys_endpoint at;
    bool reuse_port; // SO_REUSEPORT, for reactors that share a port
    bool bind_only;  // take the port, do not listen
    uint32_t queue;  // who may wait to be accepted, somaxconn at most; 0: 4,096
};

/* Non-blocking. `*ret_port` is the port taken. ERR_EXISTS: in use. */
MUST_USE enum err sys_socket_listen(const struct sys_listen *listen, int *ret_fd,
                                    uint16_t *ret_port);
/* As many may wait now: of a socket that listens already. */
void sys_socket_set_queue(int fd, uint32_t queue);
/* How often a queue was full and somebody put off, of all that listen on this network; 0: not
 * known. */
uint64_t sys_socket_overflows(void);
/* Turns SO_REUSEPORT on for a bound socket, so that others that have it may bind beside it. */
MUST_USE enum err sys_socket_share_port(int fd);
/* Begins to connect and does not wait: the socket becomes writable when it is decided, and then
 * sys_socket_dialed() says how. `from` (its port 0) is the source address, or NULL for any. */
MUST_USE enum err sys_socket_dial(const struct sys_endpoint *to, const struct sys_endpoint *from,
                                  int *ret_fd);
/* ERR_SYS: refused, timed out, unreachable. */
MUST_USE enum err sys_socket_dialed(int fd);
/* Non-blocking. ERR_AGAIN: nobody waits (or they left again); ERR_LIMIT: no descriptor or memory
 * is free. */
MUST_USE enum err sys_socket_accept(int fd, int *ret_fd, struct sys_endpoint *ret_peer);
/* Blocking, within wait_ms; for commands and tests. */
MUST_USE enum err sys_socket_connect(const struct sys_endpoint *to, uint32_t wait_ms, int *ret_fd);
/* A connected pair, non-blocking; for tests. */
MUST_USE enum err sys_socket_pair(int ret_fds[2]);
/* Name or address to an endpoint; blocks. ERR_NOT_FOUND. */
MUST_USE enum err sys_socket_resolve(const char *host, uint16_t port,
                                     struct sys_endpoint *ret_endpoint);
/* TCP_NODELAY and TCP_NOTSENT_LOWAT: what an accepted connection of ours wants. A socket that is
 * not TCP is left as it is. */
void sys_socket_tune(int fd, uint32_t notsent_bytes);
MUST_USE enum err sys_socket_set_send_buffer(int fd, uint32_t bytes); // tests
void sys_socket_set_receive_buffer(int fd, uint32_t bytes);           // a wish
/* Blocking sockets: a read or write gives up with ERR_AGAIN after that long. */
MUST_USE enum err sys_socket_set_wait(int fd, uint32_t wait_ms);
MUST_USE enum err sys_socket_set_blocking(int fd, bool is_blocking);
MUST_USE enum err sys_socket_local(int fd, struct sys_endpoint *ret_endpoint);

/* ERR_AGAIN: nothing now; ERR_CLOSED: the peer's FIN; ERR_SYS: reset or worse. */
MUST_USE enum err sys_socket_read(int fd, void *bytes, size_t len, size_t *ret_len);
/* Never a SIGPIPE. ERR_AGAIN: full; ERR_CLOSED: reset or shut. May take less than len. */
MUST_USE enum err sys_socket_write(int fd, const void *bytes, size_t len, size_t *ret_len);
/* For libraries that dial by themselves: what a `struct sockaddr` says (false: neither IPv4 nor
 * IPv6), and a socket of that kind, non-blocking. */
MUST_USE bool sys_socket_endpoint_of(const void *sockaddr, size_t len,
                                     struct sys_endpoint *ret_endpoint);
MUST_USE enum err sys_socket_make(int family, int type, int protocol, int *ret_fd);
void sys_socket_shut_write(int fd); // sends FIN after what is queued
void sys_socket_shut_both(int fd);  // FIN, and no more reading
/* Closing resets: what the kernel still holds is thrown away. */
void sys_socket_reset_on_close(int fd);
/* Milliseconds since the peer acknowledged anything, while something is unacknowledged; else 0. */
uint32_t sys_socket_silent_ms(int fd);
/* Milliseconds since the kernel last passed data on to the peer: what it has no room for stays
 * here, and asking whether it has some is no data. UINT32_MAX: not known. */
uint32_t sys_socket_passed_ms(int fd);

/* ---- sockets between processes of this machine: messages, with a descriptor if need be ---- */

struct sys_peer {
    int pid;
    bool is_ours; // it runs as the same user
};

/* Listens as `name` in the folder, mode 0600; what was there is replaced: the folder's owner asks.
 * Non-blocking, and so is what it accepts. */
MUST_USE enum err sys_local_listen(const char *folder, const char *name, int *ret_fd);
MUST_USE enum err sys_local_accept(int fd, int *ret_fd); // ERR_AGAIN: nobody waits
/* Blocking: sys_socket_set_wait(). ERR_NOT_FOUND: nobody listens there. */
MUST_USE enum err sys_local_connect(const char *folder, const char *name, int *ret_fd);
MUST_USE enum err sys_local_peer(int fd, struct sys_peer *ret_peer);
/* `passed_fd` (-1: none) stays the caller's; the other side gets one of its own. ERR_CLOSED: it is
 * gone; ERR_AGAIN: it does not read. */
MUST_USE enum err sys_local_send(int fd, struct str bytes, int passed_fd);
/* One message; what is longer than `cap` is cut. `*ret_passed_fd` (-1: none) is the caller's.
 * ERR_AGAIN; ERR_CLOSED. */
MUST_USE enum err sys_local_receive(int fd, void *bytes, size_t cap, size_t *ret_len,
                                    int *ret_passed_fd);

/* ---- waiting for descriptors ---- */

/* HANGUP: error or both closed. FIN: with IN, the peer says no more behind what can be read. */
enum { SYS_READY_IN = 1, SYS_READY_OUT = 2, SYS_READY_HANGUP = 4, SYS_READY_FIN = 8 };

struct sys_ready {
    void *tag;       // as given to sys_poll_add()
    uint32_t events; // SYS_READY_...
};

MUST_USE enum err sys_poll_open(int *ret_poll_fd);
/* In, out and hang-up, edge-triggered. */
MUST_USE enum err sys_poll_add(int poll_fd, int fd, void *tag);
/* A flag of sys_event_open(): each time it is raised is told, whether it was cleared before or not,
 * and nothing else is. */
MUST_USE enum err sys_poll_add_event(int poll_fd, int fd, void *tag);
/* What is still true of it is told again, as if it had just come. */
void sys_poll_again(int poll_fd, int fd, void *tag);
void sys_poll_remove(int poll_fd, int fd);
/* Up to `max` ready ones within wait_ms (-1: for ever); returns how many, 0 when the time is over.
 */
uint32_t sys_poll_wait(int poll_fd, struct sys_ready *ready, uint32_t max, int64_t wait_ms);

/* A flag one thread raises and another waits for. */
MUST_USE enum err sys_event_open(int *ret_fd);
void sys_event_raise(int fd);
void sys_event_clear(int fd);
/* True: it is raised (or the descriptor readable); false: wait_ms (-1: for ever) is over. */
bool sys_event_wait(int fd, int64_t wait_ms);

void sys_close(int fd); // -1 is legal

/* ---- threads ---- */

struct sys_files { // descriptors
    int *fds;
    uint32_t count;
};

struct sys_thread {
    pthread_t handle;
    void (*run)(void *user);
    void *user;
    char name[16];
    const struct sys_files *kept; // borrowed until it has its table; NULL: it needs none
    sem_t has_table;              // or `failure`
    int failure;                  // errno's value; 0: none
};

/* `thread` stays where it is until sys_thread_join(). The name shows in top and gdb. */
MUST_USE enum err sys_thread_start(struct sys_thread *thread, const char *name,
                                   void (*run)(void *user), void *user);
/* The same with a table of files of its own, in which there are but the first three and `kept`, by
 * the same numbers: what it opens counts against the limit of files alone, other threads do not
 * see it, and what they close stays open in it. Its table is there when this returns; `kept` is
 * sorted. Under TSan it stays with the others'. */
MUST_USE enum err sys_thread_start_apart(struct sys_thread *thread, const char *name,
                                         void (*run)(void *user), void *user,
                                         struct sys_files *kept);
bool sys_thread_can_own_files(void); // false under TSan
void sys_thread_join(struct sys_thread *thread);
/* From here on the calling thread has a table of files of its own, a copy: what it opens counts
 * against the limit of files alone, and other threads do not see it. Under TSan it stays with the
 * others'. */
MUST_USE enum err sys_thread_own_files(void);

/* ---- processes: children, which do not outlive this one ---- */

/* The child runs `run` and ends with what it returns. Before any thread is made. */
MUST_USE enum err sys_process_fork(int (*run)(void *user), void *user, int *ret_pid);
/* This binary again, with these arguments (ended by NULL); variables ("NAME=value", ended by NULL)
 * stand before those there are; what it logs goes to a new file. Before any thread is made. */
MUST_USE enum err sys_process_start(const char *const *args, const char *const *variables,
                                    const char *log_path, int *ret_pid);
/* The command line of this process once more, `flag` behind it if it is not there, from the file
 * that now lies at its path; it outlives this process, and shares its log. Any time. */
MUST_USE enum err sys_renew_process(const char *flag, int *ret_pid);
/* How a child has ended: its exit code, 128 + n when signal n ended it. ERR_AGAIN: it runs. */
MUST_USE enum err sys_process_ended(int pid, int *ret_code);
void sys_process_kill(int pid); // SIGKILL
int sys_process_id(void);
/* Tells whoever watches over us how we are (sd_notify(3)); with nobody to be told: nothing. */
void sys_notify_supervisor(struct str state);
bool sys_process_is_alive(int pid); // a child
/* SIGTERM, and after wait_ms SIGKILL; returns its exit code, 128 + n when signal n ended it. */
int sys_process_stop(int pid, uint32_t wait_ms);
/* User and kernel time of all its threads so far. ERR_SYS: no such process. */
MUST_USE enum err sys_process_cpu_ns(int pid, uint64_t *ret_ns);
/* Private memory that no file stands behind. ERR_SYS: no such process, or not told. */
MUST_USE enum err sys_process_anon_bytes(int pid, uint64_t *ret_bytes);

/* ---- signals: the main thread takes them as bytes of a descriptor ---- */

enum sys_signal {
    SYS_SIGNAL_STOP = 1, // SIGTERM, SIGINT
    SYS_SIGNAL_RELOAD,   // SIGHUP
    SYS_SIGNAL_UPGRADE,  // SIGUSR2
    SYS_SIGNAL_CHILD,    // SIGCHLD: one may have ended
};

/* Before any thread is made: those signals are blocked in all of them, SIGPIPE is ignored. The
 * descriptor is non-blocking and readable when one came. */
MUST_USE enum err sys_signal_open(int *ret_fd);
MUST_USE enum err sys_signal_read(int fd, enum sys_signal *ret_signal); // ERR_AGAIN: none
void sys_signal_ignore_pipe(void);

/* ---- files ---- */

/* Makes the folder (mode 0700) and those above it; there already is well. */
MUST_USE enum err sys_file_make_folder(const char *path);
/* A new folder under the system's for such things; `path` gets its name. */
MUST_USE enum err sys_file_make_temporary(char path[SYS_SUBJECT_MAX]);
/* The folder with all that is in it. */
MUST_USE enum err sys_file_remove_folder(const char *path);
/* Makes `path` if need be and locks it until its descriptor closes or the process dies.
 * ERR_EXISTS: another process holds it. */
MUST_USE enum err sys_file_lock(const char *path, int *ret_fd);
/* Appends the whole file to `out`. ERR_NOT_FOUND; ERR_LIMIT: it has more than len_max bytes;
 * ERR_NOMEM. */
MUST_USE enum err sys_file_read(const char *path, size_t len_max, struct buf *out);
/* Replaces the file by these bytes, durably: a crash leaves the old or the new. Mode 0600. */
MUST_USE enum err sys_file_write(const char *path, struct str bytes);
MUST_USE enum err sys_file_open_read(const char *path, int *ret_fd); // ERR_NOT_FOUND
/* May others than its owner and group open the file, or others than its owner write it? What is no
 * file (a pipe) is not. ERR_NOT_FOUND. */
MUST_USE enum err sys_file_is_exposed(const char *path, bool *ret_is_exposed);
MUST_USE enum err sys_file_size(int fd, uint64_t *ret_bytes);
/* Reads up to `len` bytes at `at`; less only at the end of the file. */
MUST_USE enum err sys_file_read_at(int fd, uint64_t at, void *bytes, size_t len, size_t *ret_len);
MUST_USE enum err sys_file_remove(const char *path); // ERR_NOT_FOUND
/* What an unprivileged process may still write where `path` lies. */
MUST_USE enum err sys_file_disk_free(const char *path, uint64_t *ret_bytes);
/* Writes all of it to a descriptor such as stdout, blocking. ERR_CLOSED: nobody reads any more. */
MUST_USE enum err sys_file_write_all(int fd, struct str bytes);
