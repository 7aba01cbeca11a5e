//! A choice written as a table with one member, `{ zipfian = { exponent = 1.2 } }`, or by its name alone, `"zipfian"`,
//! where nothing has to be said about it.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapDeserializer, StrDeserializer};
use serde::de::{self, DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, VariantAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// One of the variants of the enum `T`.
#[derive(Debug, Clone)]
pub struct OneOf<T>(pub T);

impl<T> Deref for OneOf<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOf<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameOrTable(PhantomData))
    }
}

struct NameOrTable<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for NameOrTable<T> {
    type Value = OneOf<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name, or a table with one member: the name and its settings")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Self::Value, E> {
        T::deserialize(NameAlone { name, error: PhantomData }).map(OneOf)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        only_member(map).map(OneOf)
    }
}

/// Reads an enum from a table whose only member is the variant and its settings. serde's own adapter takes the first member and
/// forgets the others.
pub(super) fn only_member<'de, T: Deserialize<'de>, A: MapAccess<'de>>(map: A) -> Result<T, A::Error> {
    T::deserialize(OnlyMember(map))
}

struct OnlyMember<A>(A);

impl<'de, A: MapAccess<'de>> Deserializer<'de> for OnlyMember<A> {
    type Error = A::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, A::Error> {
        visitor.visit_enum(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de, A: MapAccess<'de>> EnumAccess<'de> for OnlyMember<A> {
    type Error = A::Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(mut self, seed: V) -> Result<(V::Value, Self), A::Error> {
        match self.0.next_key_seed(seed)? {
            Some(variant) => Ok((variant, self)),
            None => Err(de::Error::custom("nothing is chosen here: an empty table where one member is expected")),
        }
    }
}

impl<'de, A: MapAccess<'de>> OnlyMember<A> {
    fn end(mut self) -> Result<(), A::Error> {
        match self.0.next_key::<String>()? {
            None => Ok(()),
            Some(member) => {
                let message = format!("`{member}` is one member too many: this table makes one choice");
                Err(de::Error::custom(message))
            }
        }
    }
}

impl<'de, A: MapAccess<'de>> VariantAccess<'de> for OnlyMember<A> {
    type Error = A::Error;

    fn unit_variant(mut self) -> Result<(), A::Error> {
        self.0.next_value::<()>()?;
        self.end()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(mut self, seed: S) -> Result<S::Value, A::Error> {
        let value = self.0.next_value_seed(seed)?;
        self.end().map(|()| value)
    }

    fn tuple_variant<V: Visitor<'de>>(mut self, _length: usize, visitor: V) -> Result<V::Value, A::Error> {
        let value = self.0.next_value_seed(Settings(visitor))?;
        self.end().map(|()| value)
    }

    fn struct_variant<V: Visitor<'de>>(
        mut self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let value = self.0.next_value_seed(Settings(visitor))?;
        self.end().map(|()| value)
    }
}

/// The settings of a variant, handed to the visitor that knows them.
struct Settings<V>(V);

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for Settings<V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        deserializer.deserialize_any(self.0)
    }
}

/// Presents a name as an enum variant without settings.
struct NameAlone<'name, E> {
    name: &'name str,
    error: PhantomData<E>,
}

impl<'de, E: de::Error> Deserializer<'de> for NameAlone<'_, E> {
    type Error = E;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        visitor.visit_enum(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de, E: de::Error> EnumAccess<'de> for NameAlone<'_, E> {
    type Error = E;
    type Variant = NoSettings<E>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, NoSettings<E>), E> {
        let name: StrDeserializer<'_, E> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, NoSettings(PhantomData)))
    }
}

/// The empty settings of a variant.
struct NoSettings<E>(PhantomData<E>);

impl<'de, E: de::Error> VariantAccess<'de> for NoSettings<E> {
    type Error = E;

    fn unit_variant(self) -> Result<(), E> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, _seed: S) -> Result<S::Value, E> {
        Err(E::custom("this choice needs a value: write it as { name = value }"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _length: usize, _visitor: V) -> Result<V::Value, E> {
        Err(E::custom("this choice needs values: write it as { name = [values] }"))
    }

    fn struct_variant<V: Visitor<'de>>(self, _fields: &'static [&'static str], visitor: V) -> Result<V::Value, E> {
        let nothing = std::iter::empty::<(&str, &str)>();
        visitor.visit_map(MapDeserializer::<_, E>::new(nothing))
    }
}

impl<T: JsonSchema> JsonSchema for OneOf<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("OneOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = T::json_schema(generator);
        let names = names_alone(&table);
        json_schema!({ "anyOf": [{ "type": "string", "enum": names }, table] })
    }
}

/// The variants that may be written by name alone: those whose settings are all optional.
fn names_alone(table: &Schema) -> Vec<String> {
    let variants = table.get("oneOf").and_then(|variants| variants.as_array());
    let members =
        variants.into_iter().flatten().filter_map(|variant| variant.get("properties")?.as_object()?.iter().next());
    members
        .filter(|(_, settings)| settings["type"] == "object" && settings.get("required").is_none())
        .map(|(name, _)| name.clone())
        .collect()
}
