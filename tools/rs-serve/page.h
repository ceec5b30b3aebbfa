/* The files that are part of the program: the page with its script and style, and the description
 * of the interface. */
#ifndef SERVE_PAGE_H
#define SERVE_PAGE_H

#include <stddef.h>

struct page_file {
    const char *bytes;
    size_t n;
};

struct page_file page_html(void);
struct page_file page_script(void);
struct page_file page_style(void);
struct page_file page_openapi(void);

#endif
