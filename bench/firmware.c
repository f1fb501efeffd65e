/* The firmware at the far end of the measurements: small, independent of MrDraw, with the limits of a real board.
 *
 * Opens a pseudo-terminal, prints the path of its other end, and behaves like Marlin on an AVR: a receive buffer of
 * RX bytes that drops what overruns it, BUFSIZE commands read ahead, one `ok` after each executed command, line
 * numbers and checksums checked, everything still unread thrown away with a resend request. A command takes LATENCY
 * microseconds: with OVERLAP from its arrival on, as behind a slow USB, else from the end of the one before. With a
 * baud rate each byte takes its time on the wire in both directions.
 *
 * On SIGUSR1 and at the end it writes to the file FACTS, for each accepted line that had a number, three doubles: when
 * its last byte had arrived, when its `ok` left (monotonic s), and its number; and before them four counts as doubles:
 * the lines, the bytes that overran, the resend requests, and how often the planner had run empty between two moves.
 *
 * With a block time a G1 goes into a planner of PLANNER blocks, each of which takes that long to be executed; a move that
 * finds it full waits, and its `ok` with it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { WIRE = 1 << 16, LONGEST = 96, MOST_SLOTS = 64, MOST_BLOCKS = 256, MOST_LINES = 1 << 22 };

static double latency = 0, byte_time = 0;
static int rx_size = 128, slots = 4, advanced = 0, overlap = 0;
static double block_time = 0;
static int planner_size = 16;
static const char *facts_path = NULL;

static int master;
static volatile sig_atomic_t wanted = 0, ended = 0;

/* What travels: bytes with the time at which they are there. */
struct wire { unsigned char byte[WIRE]; double at[WIRE]; unsigned head, tail; double last; };
static struct wire in, out;

static unsigned char rx[4096];
static int rx_count = 0;
static double rx_newline_at[4096];

struct command { char text[LONGEST]; double arrived; long number; };
static struct command queue[MOST_SLOTS];
static int queued = 0;
static double busy_until = -1;

static char line[LONGEST];
static int line_length = 0;
static long last_number = 0;

struct fact { double arrived, answered, number; };
static struct fact *facts;
static long fact_count = 0, overrun = 0, resends = 0, starved = 0;

/* The planner: when each of its blocks will have been executed. */
static double block_end[MOST_BLOCKS];
static unsigned block_head = 0, block_tail = 0;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static void on_signal(int number) { if (number == SIGUSR1) wanted = 1; else ended = 1; }

static void write_facts(void) {
    char temporary[512];
    if (!facts_path) return;
    snprintf(temporary, sizeof temporary, "%s.part", facts_path);
    FILE *file = fopen(temporary, "wb");
    if (!file) return;
    double head[4] = {fact_count, overrun, resends, starved};
    fwrite(head, sizeof head, 1, file);
    fwrite(facts, sizeof *facts, fact_count, file);
    fclose(file);
    rename(temporary, facts_path);
}

static void put_all(const char *text, size_t length) {
    while (length) {
        ssize_t count = write(master, text, length);
        if (count > 0) { text += count; length -= count; continue; }
        if (count < 0 && errno != EAGAIN && errno != EINTR) return;
        struct pollfd waiting = {master, POLLOUT, 0};
        poll(&waiting, 1, 10);
    }
}

static void say(const char *text) {
    size_t length = strlen(text);
    if (byte_time == 0) { put_all(text, length); return; }
    double at = now();
    if (out.last < at) out.last = at;
    for (size_t i = 0; i < length; i++) {
        out.last += byte_time;
        out.byte[out.head % WIRE] = text[i];
        out.at[out.head++ % WIRE] = out.last;
    }
}

static void take_in(void) {
    unsigned char chunk[4096];
    size_t room = WIRE - (in.head - in.tail);
    if (byte_time > 0 && room > 4096) room = in.head - in.tail > 4096 ? 0 : 4096;
    if (room == 0) return;
    ssize_t count = read(master, chunk, room < sizeof chunk ? room : sizeof chunk);
    double at = now();
    for (ssize_t i = 0; i < count; i++) {
        if (in.last < at) in.last = at;
        in.last += byte_time;
        in.byte[in.head % WIRE] = chunk[i];
        in.at[in.head++ % WIRE] = in.last;
    }
}

/* What the interrupt of a real UART does: into the buffer, or lost. */
static void receive(double at) {
    while (in.tail != in.head && in.at[in.tail % WIRE] <= at) {
        if (rx_count < rx_size) {
            rx[rx_count] = in.byte[in.tail % WIRE];
            rx_newline_at[rx_count++] = in.at[in.tail % WIRE];
        } else overrun++;
        in.tail++;
    }
}

static void ask_again(const char *why) {
    char text[160];
    snprintf(text, sizeof text, "Error:%s, Last Line: %ld\nResend: %ld\nok\n", why, last_number, last_number + 1);
    say(text);
    resends++;
    rx_count = 0;
    line_length = 0;
}

static void enqueue(double arrived) {
    char *text = line, *star;
    long number = -1;
    if ((star = strchr(line, '*'))) {
        unsigned char sum = 0;
        for (char *c = line; c < star; c++) sum ^= (unsigned char)*c;
        if (sum != (unsigned char)atoi(star + 1)) { ask_again("checksum mismatch"); return; }
        *star = 0;
    }
    if (*text == 'N') {
        number = strtol(text + 1, &text, 10);
        while (*text == ' ') text++;
        if (!star) { ask_again("No Checksum with line number"); return; }
        if (!strncmp(text, "M110", 4)) {
            char *to = strchr(text, 'N');
            last_number = to ? atol(to + 1) : number;
        } else if (number != last_number + 1) {
            ask_again("Line Number is not Last Line Number+1");
            return;
        } else last_number = number;
    }
    if (!*text) { if (star) say("ok\n"); return; }
    struct command *command = &queue[queued++];
    snprintf(command->text, LONGEST, "%s", text);
    command->arrived = arrived;
    command->number = number;
}

static void read_ahead(void) {
    int used = 0;
    while (used < rx_count && queued < slots) {
        unsigned char byte = rx[used];
        double at = rx_newline_at[used++];
        if (byte == '\n' || byte == '\r') {
            if (line_length == 0) continue;
            line[line_length] = 0;
            line_length = 0;
            long before = resends;
            enqueue(at);
            if (resends != before) return;
        } else if (line_length < LONGEST - 1) line[line_length++] = byte;
    }
    if (used) {
        memmove(rx, rx + used, rx_count - used);
        memmove(rx_newline_at, rx_newline_at + used, (rx_count - used) * sizeof *rx_newline_at);
        rx_count -= used;
    }
}

static void answer(struct command *command) {
    char text[200];
    const char *what = command->text;
    if (!strncmp(what, "M115", 4)) {
        say("FIRMWARE_NAME:Marlin bench (Nov 2026) SOURCE_CODE_URL:none PROTOCOL_VERSION:1.0 MACHINE_TYPE:Bench "
            "EXTRUDER_COUNT:1 UUID:00000000-0000-4000-8000-000000000001\n"
            "Cap:AUTOREPORT_TEMP:0\nCap:AUTOREPORT_SD_STATUS:0\nCap:EMERGENCY_PARSER:0\nCap:PROMPT_SUPPORT:0\n");
        if (advanced) say("Cap:ADVANCED_OK:1\n");
    }
    if (!strncmp(what, "M114", 4)) say("X:0.00 Y:0.00 Z:0.00 E:0.00 Count X:0 Y:0 Z:0\n");
    const char *tail = !strncmp(what, "M105", 4) ? " T:21.00 /0.00 B:21.00 /0.00 @:0 B@:0" : "";
    if (advanced && command->number >= 0)
        snprintf(text, sizeof text, "ok N%ld P%d B%d%s\n", command->number,
                 planner_size - 1 - (int)(block_head - block_tail), slots - queued - 1, tail);
    else snprintf(text, sizeof text, "ok%s\n", tail);
    double left = byte_time > 0 ? 0 : now();
    say(text);
    if (byte_time > 0) left = out.last;
    if (command->number >= 0 && fact_count < MOST_LINES)
        facts[fact_count++] = (struct fact){command->arrived, left, command->number};
}

static void execute(double at) { while (block_tail != block_head && block_end[block_tail % MOST_BLOCKS] <= at) block_tail++; }

static int is_move(const struct command *command) { return block_time > 0 && !strncmp(command->text, "G1 ", 3); }

/* Whether there was room for a move; the last block's end decides when the new one begins. */
static int plan(double at) {
    execute(at);
    if (block_head - block_tail >= (unsigned)planner_size) return 0;
    double last = block_head ? block_end[(block_head - 1) % MOST_BLOCKS] : at;
    if (last < at) { if (block_head) starved++; last = at; }
    block_end[block_head++ % MOST_BLOCKS] = last + block_time;
    return 1;
}

static void work(double at) {
    while (queued) {
        if (busy_until < 0) busy_until = (overlap ? queue[0].arrived : at) + latency;
        if (at < busy_until) return;
        if (is_move(&queue[0]) && !plan(at)) { busy_until = block_end[block_tail % MOST_BLOCKS]; return; }
        struct command done = queue[0];
        memmove(queue, queue + 1, --queued * sizeof *queue);
        busy_until = -1;
        answer(&done);
        read_ahead();
    }
}

static void send_out(double at) {
    char chunk[4096];
    size_t count = 0;
    while (out.tail != out.head && out.at[out.tail % WIRE] <= at && count < sizeof chunk)
        chunk[count++] = out.byte[out.tail++ % WIRE];
    if (count) put_all(chunk, count);
}

static double next_event(void) {
    double soonest = 1e18;
    if (queued && busy_until >= 0) soonest = busy_until;
    /* a line is worth waking for, a byte is not; the last byte that is under way ends the line */
    if (in.tail != in.head) {
        unsigned i = in.tail;
        while (i + 1 != in.head && in.byte[i % WIRE] != '\n') i++;
        if (in.at[i % WIRE] < soonest) soonest = in.at[i % WIRE];
    }
    if (out.tail != out.head) {
        unsigned i = out.tail;
        while (i + 1 != out.head && out.byte[i % WIRE] != '\n') i++;
        if (out.at[i % WIRE] < soonest) soonest = out.at[i % WIRE];
    }
    return soonest;
}

int main(int count, char **words) {
    for (int i = 1; i + 1 < count; i += 2) {
        const char *name = words[i], *value = words[i + 1];
        if (!strcmp(name, "--latency-us")) latency = atof(value) * 1e-6;
        else if (!strcmp(name, "--baud")) byte_time = atof(value) > 0 ? 10 / atof(value) : 0;
        else if (!strcmp(name, "--rx")) rx_size = atoi(value);
        else if (!strcmp(name, "--slots")) slots = atoi(value);
        else if (!strcmp(name, "--advanced-ok")) advanced = atoi(value);
        else if (!strcmp(name, "--overlap")) overlap = atoi(value);
        else if (!strcmp(name, "--block-us")) block_time = atof(value) * 1e-6;
        else if (!strcmp(name, "--planner")) planner_size = atoi(value);
        else if (!strcmp(name, "--facts")) facts_path = value;
        else { fprintf(stderr, "firmware: unknown option %s\n", name); return 2; }
    }
    if (rx_size > (int)sizeof rx || slots > MOST_SLOTS || slots < 1 || planner_size > MOST_BLOCKS) { fprintf(stderr, "firmware: too many\n"); return 2; }
    facts = malloc(sizeof *facts * MOST_LINES);
    prctl(PR_SET_TIMERSLACK, 1);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    int slave;
    char path[128];
    struct termios raw;
    if (openpty(&master, &slave, path, NULL, NULL)) { perror("openpty"); return 1; }
    tcgetattr(slave, &raw);
    cfmakeraw(&raw);
    tcsetattr(slave, TCSANOW, &raw); /* stays open, so that a host may come and go */
    fcntl(master, F_SETFL, O_NONBLOCK);
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    printf("%s\n", path);
    fflush(stdout);
    while (!ended) {
        double at = now(), soonest = next_event(), left = soonest - at;
        if (left > 0) {
            struct timespec wait = {(time_t)(left > 1 ? 1 : left), (long)((left > 1 ? 0 : left) * 1e9)};
            struct pollfd waiting = {master, POLLIN, 0};
            ppoll(&waiting, 1, &wait, NULL);
        }
        if (wanted) { wanted = 0; write_facts(); }
        take_in();
        at = now();
        receive(at);
        read_ahead();
        work(at);
        send_out(now());
    }
    write_facts();
    return 0;
}
