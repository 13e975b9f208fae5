package dump

import (
	"fmt"
	"strconv"
	"strings"
)

// FileAt names the text of a FedObject that stands in a line of a larger file. Such a text begins one line before it, with a line
// of its own, so that messages can name the line of the file.
func FileAt(file string, line int) string { return fmt.Sprintf("%s:%d", file, line) }

// CutFileAt gives the file and the line in which its text begins: 1 where the name says none.
func CutFileAt(name string) (file string, line int) {
	i := strings.LastIndexByte(name, ':')
	if i < 0 {
		return name, 1
	}
	line, err := strconv.Atoi(name[i+1:])
	if err != nil {
		return name, 1
	}
	return name[:i], line - 1
}
