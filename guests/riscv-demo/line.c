#include "line.h"

#include "console.h"
#include "text.h"

#define HISTORY   8
#define CTRL_A    0x01
#define CTRL_C    0x03
#define CTRL_E    0x05
#define BACKSPACE 0x08
#define CTRL_U    0x15
#define ESCAPE    0x1b
#define DELETE    0x7f

static char history[HISTORY][LINE_MAX + 1];
static int history_count; // lines ever kept; the newest HISTORY are there

static struct
{
    char text[LINE_MAX + 1];
    int length;
    int cursor;
    int recall; // how many lines back we are
} line;

static void move_left(int columns)
{
    while (columns-- > 0)
        console_write("\b", 1);
}

// Writes the text from `from` on, blanks over `erased` characters behind it, and returns to the cursor.
// Nothing but backspaces: it works on a terminal of any kind.
static void redraw(int from, int erased)
{
    print("%s%*s", line.text + from, erased, "");
    move_left(line.length + erased - line.cursor);
}

static void insert(char c)
{
    if (line.length == LINE_MAX)
        return;
    memmove(line.text + line.cursor + 1, line.text + line.cursor, (size_t)(line.length - line.cursor + 1));
    line.text[line.cursor] = c;
    line.length++;
    line.cursor++;
    redraw(line.cursor - 1, 0);
}

static void erase_before_cursor(void)
{
    if (line.cursor == 0)
        return;
    memmove(line.text + line.cursor - 1, line.text + line.cursor, (size_t)(line.length - line.cursor + 1));
    line.length--;
    line.cursor--;
    move_left(1);
    redraw(line.cursor, 1);
}

static void move_to(int column)
{
    if (column < line.cursor)
        move_left(line.cursor - column);
    else
        console_write(line.text + line.cursor, (uint64_t)(column - line.cursor));
    line.cursor = column;
}

static void replace(const char *text)
{
    int old = line.length;
    move_to(0);
    line.length = line.cursor = print_to(line.text, sizeof line.text, "%s", text);
    redraw(0, old > line.length ? old - line.length : 0);
}

static void recall(int back)
{
    int kept = history_count < HISTORY ? history_count : HISTORY;
    if (back < 0 || back > kept)
        return;
    line.recall = back;
    replace(back == 0 ? "" : history[(history_count - back) % HISTORY]);
}

static void delete_under_cursor(void)
{
    if (line.cursor == line.length)
        return;
    move_to(line.cursor + 1);
    erase_before_cursor();
}

// The rest of ESC [ letter, ESC O letter or ESC [ number ~, as terminals send for the keys.
static void escape_sequence(void)
{
    char c = console_read();
    if (c != '[' && c != 'O')
        return;
    c = console_read();
    if (c >= '0' && c <= '9')
    {
        char key = c;
        while (c >= '0' && c <= '9')
            c = console_read();
        if (c != '~')
            return;
        c = key == '3' ? 'P' : key == '1' || key == '7' ? 'H' : key == '4' || key == '8' ? 'F' : 0;
    }
    switch (c)
    {
        case 'A':
            recall(line.recall + 1);
            break;
        case 'B':
            recall(line.recall - 1);
            break;
        case 'C':
            move_to(line.cursor < line.length ? line.cursor + 1 : line.cursor);
            break;
        case 'D':
            move_to(line.cursor > 0 ? line.cursor - 1 : 0);
            break;
        case 'F':
            move_to(line.length);
            break;
        case 'H':
            move_to(0);
            break;
        case 'P':
            delete_under_cursor();
            break;
    }
}

static void remember(void)
{
    if (line.length == 0 || (history_count > 0 && text_equal(history[(history_count - 1) % HISTORY], line.text)))
        return;
    memcpy(history[history_count % HISTORY], line.text, sizeof line.text);
    history_count++;
}

char *line_read(const char *prompt)
{
    static char last; // CR LF is one end of line
    line.length = line.cursor = line.recall = 0;
    line.text[0] = 0;
    print("%s", prompt);
    for (;;)
    {
        char before = last;
        char c = console_read();
        last = c;
        switch (c)
        {
            case '\n':
                if (before == '\r')
                    break;
                // fall through
            case '\r':
                print("\n");
                remember();
                return line.text;
            case BACKSPACE:
            case DELETE:
                erase_before_cursor();
                break;
            case CTRL_A:
                move_to(0);
                break;
            case CTRL_E:
                move_to(line.length);
                break;
            case CTRL_U:
                replace("");
                break;
            case CTRL_C:
                print("^C\n");
                line.length = 0;
                line.text[0] = 0;
                return line.text;
            case ESCAPE:
                escape_sequence();
                break;
            default:
                if (c >= ' ')
                    insert(c);
                break;
        }
    }
}
