/* Canonicalizes documents with libxml2. A job is a line `MODE COMMENTS NUMBER LENGTH PREFIX...` and so many bytes of XML: MODE as
   libxml2 counts its forms, COMMENTS 0 or 1, NUMBER that of the element whose subtree is meant, in document order, or -1 for the whole
   document. An answer is a line with a length, and so many octets; the length is -1 where there is no canonical form. */

#include <libxml/c14n.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_inside(void *apex, xmlNodePtr node, xmlNodePtr parent) {
    /* A namespace node has no parent of its own. */
    if (node != NULL && node->type == XML_NAMESPACE_DECL)
        node = parent;
    for (; node != NULL; node = node->parent)
        if (node == apex)
            return 1;
    return 0;
}

/* The next node in document order. */
static xmlNodePtr following(xmlNodePtr node) {
    if (node->children != NULL && node->type == XML_ELEMENT_NODE)
        return node->children;
    while (node != NULL && node->next == NULL)
        node = node->parent;
    return node == NULL ? NULL : node->next;
}

static xmlNodePtr element(xmlDocPtr document, long number) {
    xmlNodePtr node = xmlDocGetRootElement(document);
    while (node != NULL && (node->type != XML_ELEMENT_NODE || number-- > 0))
        node = following(node);
    return node;
}

static void answer(const char *job, const char *text, int length) {
    static char words[4096];
    static xmlChar *prefixes[64];
    int mode, comments, count = 0, skip = 0;
    long number;
    sscanf(job, "%d %d %ld %*d%n", &mode, &comments, &number, &skip);
    snprintf(words, sizeof words, "%s", job + skip);
    for (char *word = strtok(words, " \n"); word != NULL && count < 63; word = strtok(NULL, " \n"))
        prefixes[count++] = (xmlChar *)word;
    prefixes[count] = NULL;

    xmlDocPtr document = xmlReadMemory(text, length, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    xmlBufferPtr octets = xmlBufferCreate();
    xmlOutputBufferPtr out = xmlOutputBufferCreateBuffer(octets, NULL);
    xmlNodePtr apex = document == NULL || number < 0 ? NULL : element(document, number);
    int done = document == NULL || (number >= 0 && apex == NULL)
                   ? -1
                   : xmlC14NExecute(document, apex == NULL ? NULL : is_inside, apex, mode, prefixes, comments, out);
    xmlOutputBufferClose(out);
    if (done < 0) {
        printf("-1\n");
    } else {
        printf("%d\n", xmlBufferLength(octets));
        fwrite(xmlBufferContent(octets), 1, xmlBufferLength(octets), stdout);
    }
    xmlBufferFree(octets);
    xmlFreeDoc(document);
}

int main(void) {
    static char job[8192];
    char *text = NULL;
    while (fgets(job, sizeof job, stdin) != NULL) {
        int length = 0;
        sscanf(job, "%*d %*d %*d %d", &length);
        text = realloc(text, length + 1);
        if (text == NULL || fread(text, 1, length, stdin) != (size_t)length)
            return 1;
        answer(job, text, length);
    }
    free(text);
    return 0;
}
