/* The least a host can do: write a numbered line with its checksum, read until `ok`, write the next.
 *
 * `bare_loop PORT SECONDS [long]` prints the number of lines and the seconds they took; with `long` the moves have the
 * length of those of `flight.py`. It is the yardstick of the wire's
 * figures: what the kernel and the pseudo-terminal alone cost.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static int port;

static void send_line(long number, const char *text) {
    char line[128];
    unsigned char sum = 0;
    int length = snprintf(line, sizeof line, "N%ld %s", number, text);
    for (int i = 0; i < length; i++) sum ^= (unsigned char)line[i];
    length += snprintf(line + length, sizeof line - length, "*%d\n", sum);
    if (write(port, line, length) != length) exit(1);
}

static void wait_for_ok(void) {
    static char buffer[4096];
    static int filled = 0;
    for (;;) {
        char *newline = memchr(buffer, '\n', filled);
        if (newline) {
            int is_ok = filled >= 2 && buffer[0] == 'o' && buffer[1] == 'k', used = newline - buffer + 1;
            memmove(buffer, buffer + used, filled -= used);
            if (is_ok) return;
            continue;
        }
        ssize_t count = read(port, buffer + filled, sizeof buffer - filled);
        if (count <= 0) exit(1);
        filled += count;
    }
}

int main(int count, char **words) {
    if (count < 3) { fprintf(stderr, "usage: bare_loop PORT SECONDS [long]\n"); return 2; }
    int is_long = count > 3 && !strcmp(words[3], "long");
    port = open(words[1], O_RDWR | O_NOCTTY);
    if (port < 0) { perror(words[1]); return 1; }
    struct termios raw;
    tcgetattr(port, &raw);
    cfmakeraw(&raw);
    tcsetattr(port, TCSANOW, &raw);
    long number = is_long ? 1000 : 0; /* as many digits as a job has that runs for a while */
    char text[64];
    snprintf(text, sizeof text, "M110 N%ld", number);
    send_line(number, text);
    wait_for_ok();
    double start = now(), end = start + atof(words[2]);
    while (now() < end) {
        number++;
        if (is_long)
            snprintf(text, sizeof text, "G1 X%ld.%03ld Y%ld.456 E%ld.%05ld", 100 + number % 90, number % 1000,
                     100 + number / 90 % 90, 10 + number % 80, number % 100000);
        else
            snprintf(text, sizeof text, "G1 X%ld.%ld Y%ld E%ld.%02ld", number % 200, number % 7, number / 200 % 200,
                     number / 100, number % 100);
        send_line(number, text);
        wait_for_ok();
    }
    printf("%ld %.6f\n", number, now() - start);
    return 0;
}
