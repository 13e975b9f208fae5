package catalog

import "strings"

// inDependencyOrder puts each view after those that its text names. The order of views that do not need each other stays.
func inDependencyOrder(views []*View) []*View {
	byName := map[string]*View{}
	for _, v := range views {
		byName[quotedPair(v.Schema, v.Name)] = v
		byName[v.Schema+"\x00"+quotedOne(v.Name)] = v
	}
	out := make([]*View, 0, len(views))
	state := map[*View]int{} // 1: on the way, 2: placed
	var place func(v *View)
	place = func(v *View) {
		if state[v] != 0 {
			return // placed, or a circle, which no order can satisfy
		}
		state[v] = 1
		for _, name := range quotedNames(v.Definition) {
			dep := byName[name]
			if dep == nil {
				dep = byName[v.Schema+"\x00"+name]
			}
			if dep != nil && dep != v {
				place(dep)
			}
		}
		state[v] = 2
		out = append(out, v)
	}
	for _, v := range views {
		place(v)
	}
	return out
}

func quotedOne(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

func quotedPair(schema, name string) string { return quotedOne(schema) + "." + quotedOne(name) }

// quotedNames returns every `name` and `schema`.`name` of a view's text. What looks like one within a string does no harm.
func quotedNames(sql string) []string {
	var names []string
	previous, end := "", -1
	for i := 0; i < len(sql); i++ {
		if sql[i] != '`' {
			continue
		}
		j := i + 1
		for j < len(sql) && (sql[j] != '`' || j+1 < len(sql) && sql[j+1] == '`') {
			if sql[j] == '`' {
				j++
			}
			j++
		}
		if j >= len(sql) {
			break
		}
		name := sql[i : j+1]
		names = append(names, name)
		if end == i-2 && sql[i-1] == '.' {
			names = append(names, previous+"."+name)
		}
		previous, end = name, j
		i = j
	}
	return names
}
