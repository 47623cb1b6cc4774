/*
 * docs/objects.md, for make_docs.c.
 */
#ifndef VF_DOCS_PRINT_OBJECTS_H
#define VF_DOCS_PRINT_OBJECTS_H

void print_objects(void);

#endif
