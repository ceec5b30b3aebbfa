#include "page.h"

/* The assembler puts the files in; paths count from the project's folder, where make runs. */
#define EMBED(name, path)                                                                          \
    extern const char name##_begin[], name##_end[];                                                \
    __asm__(".section .rodata\n" #name "_begin:\n.incbin \"tools/rs-serve/page/" path "\"\n" #name \
            "_end:\n.byte 0\n.previous\n")

EMBED(html, "index.html");
EMBED(script, "page.js");
EMBED(style, "page.css");
EMBED(openapi, "openapi.json");

struct page_file page_html(void) {
    return (struct page_file){html_begin, (size_t)(html_end - html_begin)};
}

struct page_file page_script(void) {
    return (struct page_file){script_begin, (size_t)(script_end - script_begin)};
}

struct page_file page_style(void) {
    return (struct page_file){style_begin, (size_t)(style_end - style_begin)};
}

struct page_file page_openapi(void) {
    return (struct page_file){openapi_begin, (size_t)(openapi_end - openapi_begin)};
}
